"""Ending a run badly."""

from collections.abc import Iterator
from contextlib import contextmanager

from retailrec_shared.announcing import end_run
from retailrec_shared.errors import NotYet, Rejected
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.status import RunStatus, Stage

LOOK_AT_JOB = "Read the job's log, mend the cause, and drop the file again under a new name."


def fail_run(run_id: str, stage: Stage, reason: str, next_step: str = LOOK_AT_JOB) -> None:
    """Mark a run as failed and say so on the bus; a run that ended otherwise is left alone."""
    moved = end_run(run_id, RunStatus.FAILED, reason=reason, next_step=next_step, failed_stage=stage.value)
    logger.warning("run failed", run_id=run_id, stage=stage, reason=reason, moved=moved)


@contextmanager
def step_of(run_id: str, stage: Stage) -> Iterator[None]:
    """Do a step of a run: what it must wait for is noted, and what can never succeed fails the run.

    Raises NotYet again, since nothing more is to be done now.
    """
    try:
        yield
    except NotYet as waiting:
        ledger().wait_stage(run_id, stage, str(waiting))
        raise
    except Rejected as refusal:
        fail_run(run_id, stage, str(refusal))
