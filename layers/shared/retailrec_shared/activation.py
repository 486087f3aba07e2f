"""Making a run live, once all that it needs has ended."""

from retailrec_shared.announcing import end_run
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger
from retailrec_shared.run import Run
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, stages_needed

ON_THEIR_WAY = frozenset({RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED})


def activate_if_ready(run: Run) -> bool:
    """Make a run live when its last needed stage has ended; return whether it serves now.

    ``run`` must be the ledger's image after the caller's own write. Of two stages
    that end at once, the one written second sees both, so one of them gets here.
    """
    if run.status not in {RunStatus.APPROVED, RunStatus.LIVE}:
        return False
    if not all(run.ended(stage) for stage in stages_needed(settings().endpoint_mode)):
        return False
    now = ledger().get(run.run_id)  # ``run`` may come of the index, or have failed since
    if now is None or now.status not in {RunStatus.APPROVED, RunStatus.LIVE}:
        return False
    pointed, replaced = ledger().point("live", run)
    if not pointed:
        ledger().move(run.run_id, RunStatus.SUPERSEDED, reason="A later upload was live first.")
        return False
    if replaced:
        ledger().record(run.run_id, replaced=replaced)
        ledger().move(replaced, RunStatus.SUPERSEDED, reason=f"Run {run.run_id} replaced it.")
    if end_run(run.run_id, RunStatus.LIVE):
        logger.info("run is live", run_id=run.run_id, replaced=replaced)
    return True


def supersede_overtaken(runs: list[Run], live_id: str | None) -> None:
    """End the runs that the live run has overtaken, and any earlier one that still counts as live."""
    live = next((run for run in runs if run.run_id == live_id), None)
    if live is None:
        return
    for run in runs:
        if run.status in {*ON_THEIR_WAY, RunStatus.LIVE} and run.order < live.order:
            ledger().move(run.run_id, RunStatus.SUPERSEDED, reason=f"Run {live.run_id} replaced it.")
