"""The metrics of a fit, held out and in sample, and of baselines without a model; names in README.md."""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.data.interactions import HeldOut, IntArray
from recommender.evaluate.measures import LONG, K, Truth, mean_and_error, measure, precision
from recommender.evaluate.scorers import (
    Scorer,
    model_scorer,
    ones,
    own_items_scorer,
    own_recent_scorer,
    popularity_scorer,
)
from recommender.fitting.fitted import Fitted, History
from recommender.model.ranking import NOTHING, Codes, best_rows

MAX_USERS = 50_000  # more are sampled: the standard error of p@k(10) is then below 0.001
MIN_USERS = 5_000
MAX_SCORES = 500_000_000  # with many items fewer users are sampled, so that evaluating takes minutes at most
SAMPLE_SEED = 41
BLOCK_CELLS = 4_000_000  # scores held at a time, whatever the number of users

Metrics = dict[str, float | int]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluated:
    """A fit to evaluate, with the history it was trained on, and the recency weight that it serves with."""

    fitted: Fitted
    history: History
    recency_weight: float = 0.0
    timed: bool = False

    def scorer(self) -> Scorer:
        """Return the scorer that serving uses where purchased items are not excluded."""
        return model_scorer(self.fitted, self.history, self.recency_weight)


def evaluate(model: Evaluated, held_out: HeldOut | None) -> Metrics:
    """Return all metrics by name; those of held-out rows only where there are some."""
    metrics = {} if held_out is None else _held_out(model, held_out)
    metrics[f"p@k({K})_in_sample"] = _in_sample(model_scorer(model.fitted, model.history), model.history)
    return metrics


def top_lists(score: Scorer, users: IntArray, bought: csr_matrix | None = None, k: int = K) -> Codes:
    """Return the best k items of each of ``users`` (n,), without those in ``bought`` (n, items): (n, k)."""
    lists = np.full((len(users), k), NOTHING, dtype=np.intp)
    size = max(1, BLOCK_CELLS // score(users[:1]).shape[1]) if len(users) else 1
    for start in range(0, len(users), size):
        block = slice(start, start + size)
        scores = score(users[block])
        if bought is not None:
            scores[bought[block].nonzero()] = -np.inf
        lists[block] = best_rows(scores, k)
    return lists


def sample(users: int, most: int) -> npt.NDArray[np.intp]:
    """Return 0..users-1, or ``most`` of them drawn with a fixed seed, sorted."""
    if users <= most:
        return np.arange(users)
    return np.sort(np.random.default_rng(SAMPLE_SEED).choice(users, most, replace=False))


def _held_out(model: Evaluated, held_out: HeldOut) -> Metrics:
    counts = model.history.counts
    rows = _sample(len(held_out.users), counts.shape[1], "held-out")
    users = held_out.users[rows]
    truth = Truth(held_out.truth, held_out.unseen).at(rows)
    bought = ones(counts[users])
    known, unknown = len(held_out.users), held_out.unknown_users
    metrics: Metrics = {}
    for name, score in _scorers(model).items():
        metrics |= _measure(name, top_lists(score, users, k=LONG), truth, counts)
    # Lists without bought items have no hits among those; only the truth changes.
    new = truth.without(bought)
    for name, score in _new_item_scorers(model).items():
        metrics |= _measure(f"{name}_new_items", top_lists(score, users, bought, LONG), new, counts)
    alone = model_scorer(model.fitted, model.history)
    metrics[f"p@k({K})_without_recency"] = _mean(precision(top_lists(alone, users), truth.items))
    metrics["users_evaluated"] = len(users)
    metrics["users_unknown"] = unknown
    metrics["cold_users_share"] = unknown / (known + unknown) if known + unknown else 0.0
    return metrics


def _scorers(model: Evaluated) -> dict[str, Scorer]:
    """Return the scorers of the model and its baselines, by the suffix of their metrics' names."""
    own_recent = {"_own_recent": own_recent_scorer(model.history)} if model.timed else {}
    return {
        "": model.scorer(),
        "_popularity": popularity_scorer(model.history.counts),
        "_own_items": own_items_scorer(model.history.counts),
    } | own_recent


def _new_item_scorers(model: Evaluated) -> dict[str, Scorer]:
    # The baselines of own items have nothing left without bought items.
    return {
        "": model_scorer(model.fitted, model.history),
        "_popularity": popularity_scorer(model.history.counts),
    }


def _measure(ending: str, lists: Codes, truth: Truth, counts: csr_matrix) -> Metrics:
    metrics: Metrics = {}
    for name, values in measure(lists, truth).items():
        mean, error = mean_and_error(values)
        metrics |= {f"{name}{ending}": mean, f"{name}{ending}_se": error}
    return metrics | {
        f"coverage@{LONG}{ending}": _coverage(lists, counts.shape[1]),
        f"novelty@{LONG}{ending}": _novelty(lists, counts),
    }


def _coverage(lists: Codes, items: int) -> float:
    """Share of the items that are in at least one list."""
    return len(np.unique(lists[lists != NOTHING])) / items


def _novelty(lists: Codes, counts: csr_matrix) -> float:
    """Bits of surprise in a listed item: minus the binary logarithm of the share of users who took it."""
    takers = np.bincount(counts.indices, minlength=counts.shape[1])
    listed = np.maximum(takers, 1)[lists[lists != NOTHING]]
    return float(-np.log2(listed / counts.shape[0]).mean()) if len(listed) else 0.0


def _in_sample(score: Scorer, history: History) -> float:
    users = _sample(history.counts.shape[0], history.counts.shape[1], "training").astype(np.int32)
    return _mean(precision(top_lists(score, users), history.counts[users]))


def _sample(users: int, items: int, kind: str) -> npt.NDArray[np.intp]:
    most = max(min(MAX_USERS, MIN_USERS), min(MAX_USERS, MAX_SCORES // items))
    if users > most:
        log.info("evaluating %d of %d %s users, drawn with seed %d", most, users, kind, SAMPLE_SEED)
    return sample(users, most)


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else 0.0
