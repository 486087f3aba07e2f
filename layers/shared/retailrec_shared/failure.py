"""Ending a run badly: the ledger first, then the event that tells people."""

from retailrec_shared import bus
from retailrec_shared.events import RunFailed
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.status import RunStatus, Stage

LOOK_AT_JOB = "Read the job's log, mend the cause, and drop the file again under a new name."


def fail_run(run_id: str, stage: Stage, reason: str, next_step: str = LOOK_AT_JOB) -> None:
    """Mark a run as failed and say so on the bus; a run that ended already is left alone."""
    moved = ledger().move(run_id, RunStatus.FAILED, reason=f"{stage}: {reason}", next_step=next_step)
    if moved is None:
        logger.info("run has ended already; failure ignored", run_id=run_id, stage=stage, reason=reason)
        return
    bus.publish(RunFailed(run_id=run_id, stage=stage, reason=reason, next_step=next_step))
