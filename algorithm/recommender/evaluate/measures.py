"""Ranking measures: one value for each user and measure; definitions in README.md."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.model.ranking import NOTHING, Codes

K = 10
LONG = 20

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """What n users took later: ``items`` (n, items) of ones, and ``unseen`` (n,), new to training."""

    items: csr_matrix
    unseen: npt.NDArray[np.int64]

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Number of distinct items that each user took later: (n,)."""
        sizes: npt.NDArray[np.int64] = np.diff(self.items.indptr) + self.unseen
        return sizes

    def without(self, bought: csr_matrix) -> "Truth":
        """Return the truth without the items taken before: ``bought`` (n, items) of ones."""
        left = self.items - self.items.multiply(bought)
        left.eliminate_zeros()
        return Truth(csr_matrix(left), self.unseen)

    def at(self, rows: npt.NDArray[np.intp]) -> "Truth":
        """Return the truth of some users."""
        return Truth(self.items[rows], self.unseen[rows])


def hits(lists: Codes, items: csr_matrix) -> npt.NDArray[np.bool_]:
    """Mark the places of ``lists`` (n, k) whose item is in the user's row of ``items`` (n, all items)."""
    row = np.arange(len(lists), dtype=np.int64)
    wanted = np.repeat(row, np.diff(items.indptr)) * items.shape[1] + items.indices
    wanted.sort()
    listed = row[:, None] * items.shape[1] + lists
    if not len(wanted):
        return np.zeros(lists.shape, dtype=bool)
    places = np.minimum(np.searchsorted(wanted, listed), len(wanted) - 1)
    found: npt.NDArray[np.bool_] = (wanted[places] == listed) & (lists != NOTHING)
    return found


def precision(lists: Codes, items: csr_matrix) -> Values:
    """Return each user's hits divided by the length of the lists: (n,)."""
    values: Values = hits(lists, items).sum(axis=1) / lists.shape[1]
    return values


def measure(lists: Codes, truth: Truth) -> dict[str, Values]:
    """Return every measure by name, of lists (n, LONG): (n,) each, NaN for a user with an empty truth.

    Only precision is 0 then: by the algorithm's contract it is a plain mean over all users.
    """
    hit = hits(lists, truth.items)
    sizes = truth.sizes
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            f"recall@{LONG}": hit.sum(axis=1) / sizes,
            f"ndcg@{LONG}": ndcg(hit, sizes),
            f"map@{LONG}": _average_precision(hit) / np.minimum(sizes, LONG),
            f"hit_rate@{LONG}": hit.any(axis=1).astype(np.float64),
        }
    for each in values.values():
        each[sizes == 0] = np.nan
    return {f"p@k({K})": hit[:, :K].sum(axis=1) / K} | values


def ndcg(hit: npt.NDArray[np.bool_], sizes: npt.NDArray[np.int64]) -> Values:
    """Return NDCG: the discounted gain of the hits (n, k) over the ideal list's; NaN for an empty truth."""
    discounts = 1 / np.log2(np.arange(2, hit.shape[1] + 2))
    best = np.concatenate([[np.nan], np.cumsum(discounts)])
    values: Values = hit @ discounts / best[np.minimum(sizes, hit.shape[1])]
    return values


def _average_precision(hit: npt.NDArray[np.bool_]) -> Values:
    precisions = np.cumsum(hit, axis=1) / np.arange(1, hit.shape[1] + 1)
    values: Values = (precisions * hit).sum(axis=1)
    return values


def mean_and_error(values: Values) -> tuple[float, float]:
    """Return the mean over the users that have a value, and its standard error; zeros where none has one."""
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 0.0
    error = float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else 0.0
    return float(known.mean()), error
