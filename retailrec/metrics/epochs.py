"""The metrics that a training job logs while it runs, one series for each.

They are read from the log: CloudWatch stores algorithm metrics by the minute, too coarse for a short
training.
"""

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
EPOCH = re.compile(r"\bepoch[ =:]+(\d+)(?:\s*/\s*(\d+))?", re.IGNORECASE)
METRIC = re.compile(rf"\bmetric: (\S+) = {NUMBER}(?:\s|$)")
# The Marketplace algorithm's own line, and name=value pairs on a line that names an epoch.
CONTRACT = re.compile(rf"(p@k\(\d+\))\s*[:=]\s*{NUMBER}")
PAIR = re.compile(rf"([A-Za-z_][\w@()./-]*)\s*=\s*{NUMBER}")
NO_METRIC = frozenset({"seconds", "epoch", "epochs", "pairs", "rows"})


class Line(NamedTuple):
    """A line of a log, with its time in milliseconds since 1970."""

    at: int
    text: str


class Progress(NamedTuple):
    """How far a training has come, and each metric's (step, time, value) so far."""

    epoch: int | None
    epochs: int | None
    series: dict[str, list[tuple[int, int, float]]]

    def document(self) -> dict[str, Any]:
        """Return it as JSON; a metric that was logged once is a result and not a series."""
        return {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "series": [
                {"name": name, "points": [{"step": s, "at": at, "value": v} for s, at, v in points]}
                for name, points in self.series.items()
                if len(points) > 1
            ],
        }


def read_progress(lines: Iterable[Line]) -> Progress:
    """Read every metric in a log.

    A point's step is the log's current epoch, or without epochs the number of the metric's line.
    When epochs start again, another fit has begun: its values replace those of the earlier one.
    """
    fit, fits = 0, dict[str, int]()
    epoch: int | None = None
    epochs: int | None = None
    series: dict[str, list[tuple[int, int, float]]] = {}
    for line in lines:
        found = EPOCH.search(line.text)
        if found:
            fit += epoch is not None and int(found[1]) < epoch
            epoch = int(found[1])
            epochs = int(found[2]) if found[2] else epochs
        for name, value in _metrics(line.text, of_epoch=found is not None):
            if fits.setdefault(name, fit) != fit:
                fits[name] = fit
                series[name] = []
            points = series.setdefault(name, [])
            step = epoch if epoch is not None else len(points) + 1
            if points and points[-1][0] >= step:
                points[-1] = (
                    points[-1][0],
                    line.at,
                    value,
                )  # logged again within an epoch: the last value counts
            else:
                points.append((step, line.at, value))
    return Progress(epoch, epochs, series)


def _metrics(text: str, of_epoch: bool) -> Iterable[tuple[str, float]]:
    found = dict(METRIC.findall(text)) or dict(CONTRACT.findall(text))
    if of_epoch:
        pairs = PAIR.findall(EPOCH.sub("", text))
        found = {name: value for name, value in pairs if name.lower() not in NO_METRIC} | found
    values = ((name, float(value)) for name, value in found.items())
    return [(name, value) for name, value in values if math.isfinite(value)]
