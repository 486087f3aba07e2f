"""When training anew would learn nothing new."""

from collections.abc import Iterable, Mapping

from retailrec_shared.core.status import BEFORE_TRAINING, RunStatus, Stage
from retailrec_shared.ledger.run import Run


def find_trained(runs: Iterable[Run], dataset: str, configuration: Mapping[str, str]) -> Run | None:
    """Find a run that was trained on a dataset, or will be, so configured; one that failed does not count."""
    return next(
        (
            run
            for run in runs
            if run.dataset.id == dataset
            and run.configuration == configuration
            and run.status is not RunStatus.FAILED
            and (run.status in BEFORE_TRAINING or run.started(Stage.TRAIN))
        ),
        None,
    )
