"""Increments that wait for an earlier file: they would be prepared twice, or serve for a while without it.

Nothing depends on it that they wait: whoever is accepted last holds the rows of all (datasets.py).
"""

from itertools import islice

from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger import replay
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run

RUNS_SEARCHED = 500
"""Among so many newest uploads are all that are being prepared."""


def refuse_to_overtake(run: Run) -> None:
    """Raise NotYet for an increment while an earlier upload is being prepared, and note what it waits for."""
    if not run.appends or run.dataset.retrains:
        return
    earlier = [other for other in _preparing() if other.upload.order < run.upload.order]
    if earlier:
        reason = f"an earlier upload is being prepared ({earlier[0].upload.key})"
        ledger().wait_stage(run.run_id, Stage.PREPARE, reason)
        raise NotYet(reason)


def wake_waiting() -> None:
    """Send again the upload of the first increment that waits, if nothing before it is being prepared."""
    preparing = _preparing()
    first = preparing[-1] if preparing else None
    if first and first.stages[Stage.PREPARE].waiting:
        replay.send(replay.object_created(first.upload, first.run_id))


def _preparing() -> list[Run]:
    """List the uploads that are being prepared, the latest first."""
    return [
        run
        for run in islice(ledger().runs(), RUNS_SEARCHED)
        if run.status is RunStatus.PREPARING and not run.dataset.retrains
    ]
