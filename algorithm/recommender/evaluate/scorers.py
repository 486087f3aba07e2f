"""Functions that score every item for some users: of a fitted model, and baselines without one."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.data.interactions import IntArray
from recommender.fitting.fitted import Fitted, History
from recommender.model.ranking import Scores

SCALE_USERS = 500
SCALE_SEED = 41

# Maps user codes (users,) to a new array of scores (users, items).
Scorer = Callable[[IntArray], Scores]


def model_scorer(fitted: Fitted, history: History, recency_weight: float = 0.0) -> Scorer:
    """Score by the fit, plus ``recency_weight`` times the recency of the items that the user took."""
    base = _factor_scorer(fitted) if fitted.item_weights is None else _item_scorer(fitted, history)
    if not recency_weight:
        return base

    def scores(block: IntArray) -> Scores:
        found = base(block)
        taken = recency_cells(history, block)
        found[taken.rows, taken.items] += np.float32(recency_weight) * taken.values
        return found

    return scores


class Cells(NamedTuple):
    """Cells of a table (users of a block, items), and their values."""

    rows: npt.NDArray[np.intp]
    items: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]


def recency_cells(history: History, block: IntArray) -> Cells:
    """Return the recency of what the users of a block took; no cells where it is unknown."""
    if history.recency is None:
        return Cells(np.empty(0, np.intp), np.empty(0, np.int32), np.empty(0, np.float32))
    taken = _recency_matrix(history)[block]
    return Cells(np.repeat(np.arange(len(block)), np.diff(taken.indptr)), taken.indices, taken.data)


def score_scale(fitted: Fitted, history: History) -> float:
    """Return the mean over some users of the standard deviation of their scores over the items."""
    users = history.counts.shape[0]
    drawn = np.random.default_rng(SCALE_SEED).choice(users, min(users, SCALE_USERS), replace=False)
    scores = model_scorer(fitted, history)
    spreads = [float(scores(drawn[row : row + 1].astype(np.int32)).std()) for row in range(len(drawn))]
    return float(np.mean(spreads))


def popularity_scorer(counts: csr_matrix) -> Scorer:
    """Score items by their number of distinct users; no two items score the same."""
    scores = _popularity(counts).astype(np.float32)
    return lambda block: np.tile(scores, (len(block), 1))


def own_items_scorer(counts: csr_matrix) -> Scorer:
    """Score items by how often the user took them, then by popularity; no two items score the same."""
    popularity = _popularity(counts)
    return lambda block: counts[block].toarray().astype(np.float64) * len(popularity) + popularity


def own_recent_scorer(history: History) -> Scorer:
    """Score items by how recently (and often) the user took them, then by popularity."""
    popularity = _popularity(history.counts)
    recency = _recency_matrix(history)
    # The rank's term is below 1e-6: it decides only between items of equal recency.
    ranks = popularity / (len(popularity) * 1e6)
    return lambda block: recency[block].toarray().astype(np.float64) + ranks


def ones(matrix: csr_matrix) -> csr_matrix:
    """Return the same cells, each holding 1."""
    return csr_matrix((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)


def _factor_scorer(fitted: Fitted) -> Scorer:
    users, items = fitted.user_factors, fitted.item_factors
    if users is None or items is None:
        raise ValueError("a fit without item weights has factors")
    return lambda block: users[block] @ items.T


def _item_scorer(fitted: Fitted, history: History) -> Scorer:
    taken, weights = ones(history.counts), fitted.item_weights
    return lambda block: np.asarray((taken[block] @ weights).toarray(), dtype=np.float32)


def _recency_matrix(history: History) -> csr_matrix:
    counts = history.counts
    return csr_matrix((history.recency, counts.indices, counts.indptr), shape=counts.shape)


def _popularity(counts: csr_matrix) -> npt.NDArray[np.intp]:
    """Return the rank of each item (items,): the most popular one highest; of equal ones the first."""
    distinct_users = np.bincount(counts.indices, minlength=counts.shape[1])
    ranks = np.empty(counts.shape[1], dtype=np.intp)
    ranks[np.argsort(-distinct_users, kind="stable")] = np.arange(counts.shape[1])[::-1]
    return ranks
