"""How BPR learns by default, and what a job may choose otherwise."""

import math
from dataclasses import dataclass
from typing import TypeVar

from recommender.hyperparameters import Hyperparameters

Value = TypeVar("Value", int, float, bool)

LARGEST_POOL = 32


@dataclass(frozen=True)
class Settings:
    """Hyperparameters with nothing left open; of ``pool`` negatives for a pair the hardest is used."""

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
        """Fill in what the job left open, by the size of the data; see README.md for the measurements."""
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
    """Return how many to draw: in a small shop, the hardest of many is what the user wants next."""
    return min(LARGEST_POOL, max(1, round(math.sqrt(items) / 4)))
