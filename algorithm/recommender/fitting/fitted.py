"""The input and the result of a fit, the same types for every algorithm."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Factors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class History:
    """What every user took: the input of a fit.

    ``counts`` (users, items) float32 holds how often, indices sorted. ``recency`` is aligned with
    ``counts.indices``: 1 for what a user took most recently and often, falling towards 0; None if unknown.
    ``ages``, also aligned, is the time from a pair's last row to the newest row of all, as a share of the
    time from the oldest row to the newest: from 0 to 1; None without times.
    """

    counts: csr_matrix
    recency: npt.NDArray[np.float32] | None = None
    ages: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Fitted:
    """A fit's result. It has either factors or item weights.

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
    """The progress of a fit: ``number`` counts from 1; the factors are the fit's own: copy what is kept."""

    number: int
    of: int
    seconds: float
    user_factors: Factors
    item_factors: Factors


@dataclass(frozen=True)
class Checkpoint:
    """The state to resume a fit from: after ``epoch`` whole epochs, with these factors."""

    epoch: int
    user_factors: Factors
    item_factors: Factors


# Called at the end of every epoch; an exception ends the fit.
Progress = Callable[[Epoch], None]


@dataclass(frozen=True)
class FitContext:
    """How a fit runs: its number of threads, its callback, and the state it resumes from."""

    threads: int
    progress: Progress | None = None
    start: Checkpoint | None = None

    @property
    def done(self) -> int:
        """Whole epochs that were done before an interruption."""
        return self.start.epoch if self.start else 0

    def report(self, epoch: Epoch) -> None:
        """Call the callback, if there is one."""
        if self.progress:
            self.progress(epoch)
