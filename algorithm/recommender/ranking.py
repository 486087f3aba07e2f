"""Best items by score. Of equal scores the lower item code wins, so a list never depends on chance."""

import numpy as np
import numpy.typing as npt

NOTHING = -1  # fills a list that has fewer items than places

Scores = npt.NDArray[np.floating]
Codes = npt.NDArray[np.intp]


def best(scores: Scores, n: int) -> Codes:
    """Codes of the n highest of ``scores`` (items,), best first; those at -inf are never listed."""
    if n < len(scores):
        # The n-th highest score, then all that reach it: unlike argpartition, this keeps ties in order.
        threshold = np.partition(scores, len(scores) - n)[len(scores) - n]
        candidates = np.flatnonzero(scores >= threshold)
    else:
        candidates = np.arange(len(scores))
    order = np.argsort(-scores[candidates], kind="stable")[:n]
    chosen: Codes = candidates[order]
    return chosen[scores[chosen] > -np.inf]


def best_rows(scores: Scores, n: int) -> Codes:
    """As ``best`` for each row of ``scores`` (users, items): (users, n), short lists filled with NOTHING."""
    lists = np.full((len(scores), n), NOTHING, dtype=np.intp)
    if n >= scores.shape[1]:
        simple = np.zeros(len(scores), dtype=bool)
    else:
        thresholds = np.partition(scores, scores.shape[1] - n, axis=1)[:, scores.shape[1] - n]
        reached = scores >= thresholds[:, None]
        simple = (np.count_nonzero(reached, axis=1) == n) & (thresholds > -np.inf)
        lists[simple] = _ordered(scores, reached, simple, n)
    for row in np.flatnonzero(~simple):
        chosen = best(scores[row], n)
        lists[row, : len(chosen)] = chosen
    return lists


def _ordered(scores: Scores, reached: npt.NDArray[np.bool_], rows: npt.NDArray[np.bool_], n: int) -> Codes:
    """Order the n reached columns of each of ``rows`` by their scores."""
    items = np.nonzero(reached[rows])[1].reshape(-1, n)
    order = np.argsort(-scores[np.flatnonzero(rows)[:, None], items], axis=1, kind="stable")
    return np.take_along_axis(items, order, axis=1)
