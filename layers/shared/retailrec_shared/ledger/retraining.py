"""When training anew would learn nothing new."""

from collections.abc import Iterable, Mapping

from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run

_ON_THEIR_WAY = frozenset({RunStatus.PREPARING, RunStatus.PREPARED})


def trained_alike(runs: Iterable[Run], dataset: str, configuration: Mapping[str, str]) -> Run | None:
    """Find a run that was trained on a dataset, or will be, so configured; one that failed does not count."""
    return next(
        (
            run
            for run in runs
            if run.dataset == dataset
            and run.configuration == configuration
            and run.status is not RunStatus.FAILED
            and (run.status in _ON_THEIR_WAY or run.started(Stage.TRAIN))
        ),
        None,
    )
