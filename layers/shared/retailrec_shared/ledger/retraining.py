"""Finds out whether retraining would repeat an earlier run."""

from collections.abc import Iterable, Mapping

from retailrec_shared.core.status import BEFORE_TRAINING, RunStatus, Stage
from retailrec_shared.ledger.run import Run


def find_trained(runs: Iterable[Run], dataset: str, configuration: Mapping[str, str]) -> Run | None:
    """Return a run that is or will be trained on a dataset with a configuration, unless it failed."""
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
