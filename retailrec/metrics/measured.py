"""A run's training: its metrics, and their values by epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from retailrec.metrics.epochs import Progress
from retailrec.views.metrics import PRECISION
from retailrec_shared.core import names
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run

NO_PROGRESS = Progress(None, None, {})
OF_EPOCH = "epoch_"  # prefix of what our image measures on some customers while it trains


class Point(NamedTuple):
    """A metric at one epoch; in a log without epochs, the number of the metric's line."""

    epoch: int
    value: float


@dataclass(frozen=True)
class Measured:
    """A run with the metrics of its training job and what the job logged by epoch."""

    run: Run
    metrics: Mapping[str, float]
    progress: Progress = NO_PROGRESS
    notes: tuple[str, ...] = field(default=())

    @property
    def known(self) -> bool:
        """Return whether there is anything to show."""
        return bool(self.metrics) or bool(self.series)

    @property
    def series(self) -> dict[str, list[Point]]:
        """The metrics that were logged more than once, as curves. Precision comes first."""
        curves = {
            name: [Point(epoch, value) for epoch, _, value in points]
            for name, points in self.progress.series.items()
            if len(points) > 1
        }
        return dict(sorted(curves.items(), key=lambda each: (plain(each[0]) != PRECISION, each[0])))

    @property
    def precision(self) -> list[Point]:
        """Precision at 10 by epoch; empty for an algorithm without epochs."""
        return next((points for name, points in self.series.items() if plain(name) == PRECISION), [])

    @property
    def others(self) -> dict[str, list[Point]]:
        """Every other curve."""
        return {name: points for name, points in self.series.items() if plain(name) != PRECISION}

    @property
    def lift(self) -> float | None:
        """The model's precision at 10, divided by that of popularity."""
        popularity = self.metrics.get(f"{PRECISION}_popularity")
        return self.metrics[PRECISION] / popularity if popularity and PRECISION in self.metrics else None

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "run_id": self.run.run_id,
            "file": self.run.upload.key,
            "uploaded_at": self.run.upload.uploaded_at,
            "status": self.run.status.value,
            "metrics": dict(self.metrics),
            "epochs": {
                name: [{"epoch": point.epoch, "value": point.value} for point in points]
                for name, points in self.series.items()
            },
        }


def training_job(stack: str, run: Run) -> str:
    """Return the name of a run's current training job; of a tuned run, that of its search's best job."""
    return run.tuning.best_job or names.resource_name(
        names.resource_prefix(stack), run.run_id, run.attempt(Stage.TRAIN)
    )


def plain(name: str) -> str:
    """Return a metric's name without the prefix of measurements during training."""
    return name.removeprefix(OF_EPOCH)


def algorithm(run: Run) -> str:
    """Name the algorithm of a run."""
    return "Marketplace" if run.of_marketplace else run.configuration.get("training_algorithm", "own")


def label(name: str) -> str:
    """Name a metric for people."""
    if name == "train_auc":
        return "AUC of training pairs"
    text = plain(name).replace(PRECISION, "precision at 10").replace("ndcg@", "NDCG at ")
    return text.replace("_new_items", ", new items").replace("_in_sample", ", in sample").replace("_", " ")
