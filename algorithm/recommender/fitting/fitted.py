"""What goes into a fit and what it leaves, in one shape for every algorithm."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Factors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class History:
    """What every user took: the rows a fit learns from.

    ``counts`` (users, items) float32 holds how often, indices sorted. ``recency`` is aligned with
    ``counts.indices``: 1 for what a user took most recently and often, falling towards 0; None for unknown.
    ``ages``, aligned too, is how long before the newest row of all a pair was last taken, as a share of the
    time from the oldest row to the newest: from 0 to 1; None without times.
    """

    counts: csr_matrix
    recency: npt.NDArray[np.float32] | None = None
    ages: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Fitted:
    """A fit's result. It has factors, or item weights, never both.

    With factors, user u scores the items (items,) by ``item_factors @ user_factors[u]``; an item's bias is
    one more column, 1 for every user. A basket of items has the user vector
    ``item_factors[basket].sum(0) / sqrt(len(basket)) @ fold_in``.
    With ``item_weights`` (items, items), a history or basket h (items,) of ones scores ``h @ item_weights``.
    """

    user_factors: Factors | None = None
    item_factors: Factors | None = None
    fold_in: Factors | None = None
    item_weights: csr_matrix | None = None


@dataclass(frozen=True)
class Epoch:
    """How far a fit is: ``number`` counts from 1; the factors are the fit's own, to be copied if kept."""

    number: int
    of: int
    seconds: float
    user_factors: Factors
    item_factors: Factors


@dataclass(frozen=True)
class Checkpoint:
    """Where an interrupted fit goes on: after ``epoch`` whole passes, with these factors."""

    epoch: int
    user_factors: Factors
    item_factors: Factors


# Told at the end of every epoch; what it raises ends the fit.
Progress = Callable[[Epoch], None]


@dataclass(frozen=True)
class Course:
    """How a fit goes: on how many threads, whom it tells of its epochs, and where it goes on from."""

    threads: int
    progress: Progress | None = None
    start: Checkpoint | None = None

    @property
    def done(self) -> int:
        """Whole passes that were made before an interruption."""
        return self.start.epoch if self.start else 0

    def tell(self, epoch: Epoch) -> None:
        """Tell whoever wants to know of an epoch."""
        if self.progress:
            self.progress(epoch)
