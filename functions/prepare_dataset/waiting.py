"""Lets increments wait for an earlier file, so that they are not prepared twice.

Correctness does not depend on it: the run that is committed last has the rows of all (datasets.py).
"""

from itertools import islice

from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger import replay
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run

RUNS_SEARCHED = 500
"""All uploads that are being prepared are among so many newest ones."""


def wait_for_earlier_uploads(run: Run) -> None:
    """Raise NotYet for an increment while an earlier upload is prepared; the ledger keeps the reason."""
    if not run.appends or run.dataset.retrains:
        return
    earlier = [other for other in _preparing() if other.upload.order < run.upload.order]
    if earlier:
        reason = f"an earlier upload is being prepared ({earlier[0].upload.key})"
        ledger().wait_stage(run.run_id, Stage.PREPARE, reason)
        raise NotYet(reason)


def resume_waiting() -> None:
    """Send the event of the first waiting increment again, if no earlier upload is being prepared."""
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
