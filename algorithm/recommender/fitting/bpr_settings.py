"""The settings of BPR: its defaults, and what a job may choose."""

import math
from dataclasses import dataclass
from typing import TypeVar

from recommender.hyperparameters import Hyperparameters

Value = TypeVar("Value", int, float, bool)

MAX_POOL = 32


@dataclass(frozen=True)
class Settings:
    """Hyperparameters with all defaults filled in; each pair uses the hardest of ``pool`` negatives."""

    factors: int
    iterations: int
    learning_rate: float
    regularization: float
    pool: int
    popular: bool
    verified: bool
    biased: bool
    decaying: bool
    stopping: bool
    validation_fraction: float
    seed: int

    @classmethod
    def of(cls, chosen: Hyperparameters, items: int) -> "Settings":
        """Fill in the defaults, some by the size of the data; README.md has the measurements."""
        return cls(
            factors=_or(chosen.factors, 64),
            iterations=_or(chosen.iterations, 60),
            learning_rate=_or(chosen.learning_rate, 0.015),
            regularization=_or(chosen.regularization, 0.07),
            pool=_or(chosen.negative_pool, _pool(items)),
            popular=chosen.negative_sampling == "popularity",
            verified=_or(chosen.verify_negative_samples, True),
            biased=_or(chosen.item_bias, True),
            decaying=_or(chosen.learning_rate_decay, True),
            stopping=_or(chosen.early_stopping, False),
            validation_fraction=_or(chosen.validation_fraction, 0.05),
            seed=_or(chosen.seed, 0),
        )

    def rate(self, epoch: int) -> float:
        """Return the rate of an epoch, from 0: constant for half of them, then falling to a tenth."""
        late = max(0.0, 2 * epoch / self.iterations - 1) if self.decaying else 0.0
        return self.learning_rate * (1 - 0.9 * late)


def _or(given: Value | None, default: Value) -> Value:
    return default if given is None else given


def _pool(items: int) -> int:
    """Return the number of candidates: with few items, the hardest of many is a true interest."""
    return min(MAX_POOL, max(1, round(math.sqrt(items) / 4)))
