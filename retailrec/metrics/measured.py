"""What is known of a run's training: its metrics, and how they went from epoch to epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from retailrec.metrics.epochs import Progress
from retailrec.views.metrics import PRECISION
from retailrec_shared.core import names
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run

NO_PROGRESS = Progress(None, None, {})
OF_EPOCH = "epoch_"  # our image's name for what it measures of some customers while it trains


class Point(NamedTuple):
    """A metric at one epoch; where a log names no epochs, at its so-manieth mention."""

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
        """Tell whether there is anything to show."""
        return bool(self.metrics) or bool(self.series)

    @property
    def series(self) -> dict[str, list[Point]]:
        """What was told more than once: a curve. Precision comes first."""
        told = {
            name: [Point(epoch, value) for epoch, _, value in points]
            for name, points in self.progress.series.items()
            if len(points) > 1
        }
        return dict(sorted(told.items(), key=lambda each: (plain(each[0]) != PRECISION, each[0])))

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
        """How many times popularity's precision at 10 the model's is."""
        popularity = self.metrics.get(f"{PRECISION}_popularity")
        return self.metrics[PRECISION] / popularity if popularity and PRECISION in self.metrics else None

    def document(self) -> dict[str, Any]:
        """Give it to machines."""
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
    """Name the training job of a run's present attempt; of a tuned run, the best one of its search."""
    return run.tuning.best_job or names.resource_name(
        names.resource_prefix(stack), run.run_id, run.attempt(Stage.TRAIN)
    )


def plain(name: str) -> str:
    """Return a metric's name without the mark of a measurement during training."""
    return name.removeprefix(OF_EPOCH)


def algorithm(run: Run) -> str:
    """Name what learned."""
    return "Marketplace" if run.of_marketplace else run.configuration.get("training_algorithm", "own")


def label(name: str) -> str:
    """Name a metric for people."""
    if name == "train_auc":
        return "AUC of training pairs"
    said = plain(name).replace(PRECISION, "precision at 10").replace("ndcg@", "NDCG at ")
    return said.replace("_new_items", ", new items").replace("_in_sample", ", in sample").replace("_", " ")
