"""Making a run live, once all that it needs has ended."""

from retailrec_shared.core.observability import logger
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import DEPLOYABLE, OVERTAKABLE, RunStatus, stages_needed
from retailrec_shared.ledger.announcements import announce
from retailrec_shared.ledger.ledger import GoLiveResult, ledger
from retailrec_shared.ledger.run import Run


def activate_if_ready(run: Run) -> bool:
    """Make a run live when its last needed stage has ended; return whether it serves now.

    ``run`` must be the ledger's image after the caller's own write. Of two stages
    that end at once, the one written second sees both, so one of them gets here.
    """
    if run.status not in DEPLOYABLE:
        return False
    if not all(run.ended(stage) for stage in stages_needed(settings().endpoint_mode)):
        return False
    match ledger().go_live(run.run_id):
        case GoLiveResult.LIVE:
            _announce_live(run.run_id)
            return True
        case GoLiveResult.OVERTAKEN:
            ledger().move(run.run_id, RunStatus.SUPERSEDED, reason="A later upload was live first.")
    return False


def _announce_live(run_id: str) -> None:
    run = ledger().get(run_id)
    if run:
        announce(run)
        logger.info("run is live", run_id=run_id, replaced=run.rollout.replaced)


def supersede_overtaken(runs: list[Run], live_id: str | None) -> None:
    """End the runs that the live run, or the one it was rolled back from, has overtaken."""
    live = next((run for run in runs if run.run_id == live_id), None)
    if live is None:
        return
    last = next((run for run in runs if run.run_id == live.rollout.rolled_back_from), live)
    for run in runs:
        if run.status in OVERTAKABLE and run.order < last.order:
            ledger().move(run.run_id, RunStatus.SUPERSEDED, reason=f"Run {last.run_id} was live before it.")
