"""Telling the bus how a run ended, at least once.

The ledger moves first. Should the event fail or the function die in between, the
run is not marked as announced, and the next attempt or the reconciler tells.
"""

from retailrec_shared.core import bus
from retailrec_shared.core.events import DatasetRejected, EndpointLive, Event, ModelRejected, RunFailed
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run


def announcement(run: Run) -> Event | None:
    """Build the event of a run that ended; ``None`` for one that needs none."""
    why, then = run.outcome.reason or "The reason was not recorded.", run.outcome.next_step or ""
    match run.status:
        case RunStatus.LIVE:
            return EndpointLive(run_id=run.run_id, replaced=run.rollout.replaced)
        case RunStatus.REJECTED:
            return DatasetRejected(run_id=run.run_id, reason=why, next_step=then)
        case RunStatus.MODEL_REJECTED:
            return ModelRejected(run_id=run.run_id, reason=why, next_step=then, metrics=run.metrics)
        case RunStatus.FAILED:
            stage = run.outcome.failed_stage or Stage.PREPARE
            return RunFailed(run_id=run.run_id, stage=stage, reason=why, next_step=then)
    return None


def announce(run: Run) -> None:
    """Publish the event of a run that ended, unless it was published; then mark it so."""
    event = announcement(run)
    if event is None or run.outcome.announced is run.status:
        return
    bus.publish(event)
    ledger().note_announced(run)


def end_run(run_id: str, status: RunStatus, **fields: object) -> bool:
    """Move a run to a status that ends it and announce that; return whether this call moved it.

    Of a run that came to the same end before, an announcement that is missing is made up for.
    """
    moved = ledger().move(run_id, status, **fields)
    run = moved or ledger().get(run_id)
    if run and run.status is status:
        announce(run)
    return moved is not None
