"""Marks runs as failed."""

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from botocore.exceptions import BotoCoreError

from retailrec_shared.core import aws
from retailrec_shared.core.errors import NotYet, Rejected, Unsettled, one_line
from retailrec_shared.core.observability import logger
from retailrec_shared.core.status import MOST_FAILURES, RunStatus, Stage
from retailrec_shared.ledger.announcements import end_run
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run_parts import StageRecord, now
from retailrec_shared.ledger.stage_work import stage_work

# IAM's changes and SageMaker's own copies spread within seconds, in rare cases minutes. The reconciler tries
# every five minutes: four times in all.
SETTLED_AFTER = timedelta(minutes=14)
FIX_AND_RETRY = "Read the log (retailrec logs), fix the cause, then run: retailrec retry {run_id}"
LONGEST_FAILURE = 300
# Ids that some services add to their messages: with them no failure would be like the one before.
_OF_ONE_REQUEST = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|(?<=Request ID: )\w+", re.I)


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
    So does an error that repeats, with what AWS said, unless it is of AWS's present state. Every other
    error is raised again.
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
    except Exception as error:
        if aws.is_passing(error) or not _repeats(run_id, stage, error):
            raise


def _repeats(run_id: str, stage: Stage, error: Exception) -> bool:
    """Count an error; at the last time that is allowed, fail the run. Return whether that ended it."""
    failure = describe(error)
    failures = 0
    with suppress(aws.client_error(), BotoCoreError):  # the error itself says more
        failures = stage_work().count_failure(run_id, stage, failure)
    if failures < MOST_FAILURES:
        return False
    return fail_run(run_id, stage, f"It failed {failures} times in the same way. {failure}")


def describe(error: Exception) -> str:
    """Return in a few words how a step failed.

    AWS's refusals are quoted. Of any other error only class and place are named: its message may hold a
    customer's id.
    """
    if refusal := aws.refusal_of(error):
        message = _OF_ONE_REQUEST.sub("…", aws.error_message(refusal))
        said = f"AWS refused {refusal.operation_name} ({aws.error_code(refusal)}): {message}"
    else:
        places = traceback.extract_tb(error.__traceback__)
        last = places[-1] if places else None
        where = f" in {PurePath(last.filename).name}, line {last.lineno}" if last else ""
        said = f"{type(error).__name__}{where}."
    return one_line(said, LONGEST_FAILURE)
