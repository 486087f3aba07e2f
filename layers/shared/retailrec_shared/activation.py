"""Making a run live, once all that it needs has ended."""

from retailrec_shared import bus
from retailrec_shared.events import EndpointLive
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.run import Run
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, stages_needed


def activate_if_ready(run: Run) -> bool:
    """Make a run live when its last needed stage has ended; return whether it serves now.

    ``run`` must be the ledger's image after the caller's own write. Of two stages
    that end at once, the one written second sees both, so one of them gets here.
    """
    if run.status not in {RunStatus.APPROVED, RunStatus.LIVE}:
        return False
    if not all(run.ended(stage) for stage in stages_needed(settings().endpoint_mode)):
        return False
    pointed, replaced = ledger().point("live", run)
    if not pointed:
        ledger().move(run.run_id, RunStatus.SUPERSEDED, reason="A later upload was live first.")
        return False
    moved = ledger().move(run.run_id, RunStatus.LIVE)
    if replaced:
        ledger().move(replaced, RunStatus.SUPERSEDED, reason=f"Run {run.run_id} replaced it.")
    if moved:
        logger.info("run is live", run_id=run.run_id, replaced=replaced)
        bus.publish(EndpointLive(run_id=run.run_id, replaced=replaced))
    return True
