"""Precision at 10, held out and in sample, beside two simple baselines; definitions in README.md."""

import logging
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.bpr import Factors
from recommender.interactions import HeldOut, IntArray
from recommender.ranking import NOTHING, Codes, Scores, best_rows

K = 10
MAX_USERS = 50_000  # more are sampled: the standard error of p@k(10) is then below 0.001
SAMPLE_SEED = 41
BLOCK_CELLS = 4_000_000  # scores held at a time, whatever the number of users

# Scores of every item for some users: (users,) to a fresh array (users, items).
Scorer = Callable[[IntArray], Scores]
Metrics = dict[str, float | int]

log = logging.getLogger(__name__)


def evaluate(users: Factors, items: Factors, training: csr_matrix, held_out: HeldOut | None) -> Metrics:
    """All metrics by name; those on held-out rows only where there are some."""

    def model(block: IntArray) -> Scores:
        return users[block] @ items.T

    metrics: Metrics = {}
    if held_out is not None:
        metrics |= _held_out(model, training, held_out)
    metrics[f"p@k({K})_in_sample"] = _in_sample(model, training)
    return metrics


def precision(lists: Codes, truth: csr_matrix) -> npt.NDArray[np.float64]:
    """Hits in each user's list over the list's places: ``lists`` (n, k), ``truth`` (n, items) of ones."""
    rows, places = np.nonzero(lists != NOTHING)
    ones = np.ones(len(rows), dtype=np.float32)
    listed = csr_matrix((ones, (rows, lists[rows, places])), shape=truth.shape)
    hits = np.asarray(truth.multiply(listed).sum(axis=1), dtype=np.float64).ravel()
    precisions: npt.NDArray[np.float64] = hits / lists.shape[1]
    return precisions


def top_lists(score: Scorer, users: IntArray, bought: csr_matrix | None = None, k: int = K) -> Codes:
    """Best k items of each of ``users`` (n,), leaving out what ``bought`` (n, items) holds."""
    lists = np.full((len(users), k), NOTHING, dtype=np.intp)
    size = max(1, BLOCK_CELLS // score(users[:1]).shape[1]) if len(users) else 1
    for start in range(0, len(users), size):
        block = slice(start, start + size)
        scores = score(users[block])
        if bought is not None:
            scores[bought[block].nonzero()] = -np.inf
        lists[block] = best_rows(scores, k)
    return lists


def popularity_scorer(training: csr_matrix) -> Scorer:
    """Score items by their number of distinct users; no two items score the same."""
    scores = _popularity(training).astype(np.float32)
    return lambda block: np.tile(scores, (len(block), 1))


def own_items_scorer(training: csr_matrix) -> Scorer:
    """Score items by how often the user took them, then by popularity; no two score the same."""
    popularity = _popularity(training)
    return lambda block: training[block].toarray().astype(np.float64) * len(popularity) + popularity


def _popularity(training: csr_matrix) -> npt.NDArray[np.intp]:
    """Rank of each item, the most popular one highest, of equal ones the first."""
    distinct_users = np.bincount(training.indices, minlength=training.shape[1])
    ranks = np.empty(training.shape[1], dtype=np.intp)
    ranks[np.argsort(-distinct_users, kind="stable")] = np.arange(training.shape[1])[::-1]
    return ranks


def _held_out(model: Scorer, training: csr_matrix, held_out: HeldOut) -> Metrics:
    rows = _sample(len(held_out.users), "held-out")
    users, truth = held_out.users[rows], held_out.truth[rows]
    bought = _ones(training[users])
    # Leaving bought items out of the lists leaves them out of the hits: the truth need not be filtered too.
    popularity = popularity_scorer(training)
    own_items = own_items_scorer(training)
    return {
        f"p@k({K})": _mean(precision(top_lists(model, users), truth)),
        f"p@k({K})_new_items": _mean(precision(top_lists(model, users, bought), truth)),
        f"p@k({K})_popularity": _mean(precision(top_lists(popularity, users), truth)),
        f"p@k({K})_popularity_new_items": _mean(precision(top_lists(popularity, users, bought), truth)),
        f"p@k({K})_own_items": _mean(precision(top_lists(own_items, users), truth)),
        "users_evaluated": len(users),
        "users_unknown": held_out.unknown_users,
    }


def _in_sample(model: Scorer, training: csr_matrix) -> float:
    users = _sample(training.shape[0], "training").astype(np.int32)
    return _mean(precision(top_lists(model, users), _ones(training[users])))


def _ones(matrix: csr_matrix) -> csr_matrix:
    """Return the same cells, each holding 1."""
    return csr_matrix((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)


def _sample(users: int, kind: str) -> npt.NDArray[np.intp]:
    """All of 0..users-1, or MAX_USERS of them drawn with a fixed seed."""
    if users <= MAX_USERS:
        return np.arange(users)
    log.info("evaluating %d of %d %s users, drawn with seed %d", MAX_USERS, users, kind, SAMPLE_SEED)
    drawn = np.random.default_rng(SAMPLE_SEED).choice(users, MAX_USERS, replace=False)
    return np.sort(drawn)


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
