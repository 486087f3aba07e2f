"""Marks runs as failed."""

from collections.abc import Iterator
from contextlib import contextmanager

from retailrec_shared.core.errors import NotYet, Rejected
from retailrec_shared.core.observability import logger
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.announcements import end_run
from retailrec_shared.ledger.ledger import ledger

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


@contextmanager
def step_of(run_id: str, stage: Stage) -> Iterator[None]:
    """Run a step of a stage: record in the ledger what it waits for, and fail the run on ``Rejected``.

    Raises NotYet again, so that the caller stops.
    """
    try:
        yield
    except NotYet as waiting:
        ledger().wait_stage(run_id, stage, str(waiting))
        raise
    except Rejected as refusal:
        fail_run(run_id, stage, str(refusal))
