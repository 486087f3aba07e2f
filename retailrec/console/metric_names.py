"""Which metrics belong together, and what they are called: the model's own, and those of baselines."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from retailrec.metrics.measured import OF_EPOCH, plain
from retailrec.views.metrics import PRECISION

BASELINES = (
    ("popularity", "popularity"),
    ("own_items", "customer's most frequent"),
    ("own_recent", "customer's latest"),
)
NEW_ITEMS = "_new_items"
# Counts, and standard errors.
NO_QUALITY = re.compile(r"^(users_|cold_|candidate_|fit_|rows|pairs)|_se$")
MEASURED_ON = {NEW_ITEMS: "held out, items new to the customer", "_in_sample": "in sample, no forecast"}


class Counterpart(NamedTuple):
    """A baseline's metric that is compared with one of the model's."""

    label: str
    name: str


def own_metrics(runs: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the names of metrics that are the model's own; precision at 10 comes first."""
    names = {name for metrics in runs for name in metrics}
    own = (name for name in names if not NO_QUALITY.search(name) and not _of_baseline(name))
    return sorted(own, key=lambda name: (name != PRECISION, name))


def counterparts(name: str, metrics: Mapping[str, float]) -> list[Counterpart]:
    """Find the baselines' counterparts of a metric: ``X_popularity_new_items`` is one of ``X_new_items``."""
    base = plain(name).removesuffix(NEW_ITEMS)
    ending = NEW_ITEMS if name.endswith(NEW_ITEMS) else ""
    found = (Counterpart(label, f"{base}_{part}{ending}") for part, label in BASELINES)
    return [each for each in found if each.name in metrics]


def metric_label(name: str) -> str:
    """Name a metric for people, with the rows that it is measured on."""
    ending = next((each for each in MEASURED_ON if name.endswith(each)), "")
    measured = "held out, some of the customers" if _of_epoch(name) else MEASURED_ON.get(ending, "held out")
    text = plain(name.removesuffix(ending)).replace(PRECISION, "precision@10").replace("_", " ")
    return f"{text} ({measured})"


def epoch_label(name: str) -> str:
    """Name for people what a training logs by epoch: a ranking metric, or the algorithm's own figure."""
    return metric_label(name) if "@" in name else name.replace("_", " ")


def _of_baseline(name: str) -> bool:
    return any(f"_{part}" in name for part, _ in BASELINES)


def _of_epoch(name: str) -> bool:
    return name.startswith(OF_EPOCH)
