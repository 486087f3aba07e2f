"""Marks runs as failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from retailrec_shared.core.errors import NotYet, Rejected, Unsettled
from retailrec_shared.core.observability import logger
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.announcements import end_run
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run_parts import StageRecord, now

# IAM's changes and SageMaker's own copies spread within seconds, in rare cases minutes. The reconciler tries
# every five minutes: four times in all.
SETTLED_AFTER = timedelta(minutes=14)
FIX_AND_RETRY = "Read the log (retailrec logs), fix the cause, then run: retailrec retry {run_id}"


def fail_run(run_id: str, stage: Stage, reason: str, next_step: str = FIX_AND_RETRY) -> bool:
    """Mark a run as failed and announce it; return whether this call did.

    A run that ended in another way is not changed.

    ``next_step`` says what to do and to type; ``{run_id}`` in it becomes the run's id.
    """
    then = next_step.replace("{run_id}", run_id)
    moved = end_run(run_id, RunStatus.FAILED, reason=reason, next_step=then, failed_stage=stage.value)
    logger.warning("run failed", run_id=run_id, stage=stage, reason=reason, moved=moved)
    return moved


def _overdue(record: StageRecord) -> bool:
    since = datetime.fromisoformat(record.unsettled_since or now())
    return datetime.now(UTC) - since > SETTLED_AFTER


@contextmanager
def step_of(run_id: str, stage: Stage) -> Iterator[None]:
    """Run a step of a stage: record in the ledger what it waits for, and fail the run on ``Rejected``.

    Raises NotYet again, so that the caller stops. What is unsettled for longer than that takes fails the run.
    """
    try:
        yield
    except Unsettled as waiting:
        run = ledger().wait_stage(run_id, stage, str(waiting), unsettled=True)
        if not (run and _overdue(run.stages[stage]) and fail_run(run_id, stage, str(waiting))):
            raise
    except NotYet as waiting:
        ledger().wait_stage(run_id, stage, str(waiting))
        raise
    except Rejected as refusal:
        fail_run(run_id, stage, str(refusal))
