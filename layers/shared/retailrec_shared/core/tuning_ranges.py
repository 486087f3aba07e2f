"""What a tuning job searches: the ranges of each algorithm's hyperparameters, and what they are judged by.

docs/tuning.md holds them as a table, written by ``as_markdown``.
"""

from collections.abc import Container, Mapping
from typing import Literal, NamedTuple

# On the newest fifth of the training rows, by our own image in the jobs of a search alone: the held-out
# rows, by which the gate compares runs, choose nothing.
VALIDATION_METRIC = "validation_ndcg@20_new_items"
MARKETPLACE = "marketplace"
FEWEST_JOBS, MOST_JOBS, MOST_AT_ONCE = 2, 750, 10  # SageMaker's own quotas for one tuning job

Scale = Literal["Linear", "Logarithmic"]


class Range(NamedTuple):
    """A range of numbers, bounds included; of whole ones, where both bounds are."""

    low: float
    high: float
    scale: Scale = "Logarithmic"

    @property
    def whole(self) -> bool:
        """Tell whether the hyperparameter takes whole numbers."""
        return isinstance(self.low, int)


Choices = tuple[str, ...]
Searched = Mapping[str, Range | Choices]

RANGES: Mapping[str, Searched] = {
    "bpr": {
        "factors": Range(32, 256),
        "iterations": Range(30, 120, "Linear"),
        "learning_rate": Range(0.005, 0.05),
        "regularization": Range(0.02, 0.3),
        "negative_pool": Range(1, 32),
    },
    "implicit-bpr": {
        "factors": Range(16, 256),
        "iterations": Range(20, 200, "Linear"),
        "learning_rate": Range(0.005, 0.1),
        "regularization": Range(0.002, 0.1),
    },
    "als": {
        "factors": Range(16, 256),
        "iterations": Range(5, 25, "Linear"),
        "alpha": Range(0.3, 20.0),
        "regularization": Range(0.5, 50.0),
    },
    "ease": {"ease_lambda": Range(10.0, 5000.0), "top_k": Range(50, 1000)},
    # What means the same to each algorithm that knows it: regularization, for one, does not.
    "auto": {
        "algorithm": ("bpr", "als", "ease"),
        "factors": Range(32, 256),
        "learning_rate": Range(0.005, 0.05),
        "negative_pool": Range(1, 32),
        "alpha": Range(0.3, 20.0),
        "ease_lambda": Range(10.0, 5000.0),
    },
    "popularity": {},
    MARKETPLACE: {
        "factors": Range(20, 200),
        "iterations": Range(20, 200, "Linear"),
        "learning_rate": Range(0.002, 0.1),
        "regularization": Range(0.001, 0.1),
    },
}


def searched(algorithm: str, given: Container[str]) -> Searched:
    """List what is searched for an algorithm of ours or MARKETPLACE; what was given stays as it is."""
    return {name: among for name, among in RANGES[algorithm].items() if name not in given}


def as_markdown() -> str:
    """Write the ranges as the table in docs/tuning.md."""
    lines = ["| `Algorithm` | hyperparameter | from | to | scale |", "|---|---|---|---|---|"]
    for algorithm, ranges in RANGES.items():
        name = "(`AlgorithmArn`)" if algorithm == MARKETPLACE else f"`{algorithm}`"
        for hyperparameter, among in ranges.items():
            if isinstance(among, Range):
                low, high, scale = f"{among.low:g}", f"{among.high:g}", among.scale.lower()
                lines.append(f"| {name} | `{hyperparameter}` | {low} | {high} | {scale} |")
            else:
                choices = ", ".join(f"`{choice}`" for choice in among)
                lines.append(f"| {name} | `{hyperparameter}` | one of {choices} | | |")
        if not ranges:
            lines.append(f"| {name} | (nothing to search) | | | |")
    return "\n".join(lines) + "\n"
