"""Best items by score. Of equal scores the lower item code wins, so lists are deterministic."""

import numpy as np
import numpy.typing as npt

NOTHING = -1  # fills a list that has fewer items than places
STRIDE = 16  # items in a group, see below

Scores = npt.NDArray[np.floating]
Codes = npt.NDArray[np.intp]

# Partitioning all scores costs more than computing them. Therefore the maximum of each group of items is
# taken first; group g is every groups-th item from g on, so that numpy compares whole rows at once. The
# n-th highest maximum is a threshold that at least n scores reach, and few more; only those are sorted.


def best(scores: Scores, n: int) -> Codes:
    """Return the codes of the n highest of ``scores`` (items,), best first, without those at -inf."""
    items = len(scores)
    groups = items // STRIDE
    if n > items:
        candidates = np.arange(items)
    else:
        maxima = scores[: groups * STRIDE].reshape(STRIDE, groups).max(axis=0) if groups >= 2 * n else scores
        place = len(maxima) - n
        candidates = (scores >= np.partition(maxima, place)[place]).nonzero()[0]
    found = scores[candidates]
    order = (-found).argsort(kind="stable")[:n]
    if len(order) and found[order[-1]] == -np.inf:
        order = order[found[order] > -np.inf]
    chosen: Codes = candidates[order]
    return chosen


def best_rows(scores: Scores, n: int) -> Codes:
    """Return ``best`` of each row of ``scores`` (users, items): (users, n), filled up with NOTHING."""
    lists = np.full((len(scores), n), NOTHING, dtype=np.intp)
    rows, columns = _candidates(scores, n)
    found = scores[rows, columns]
    # By row, then by score downwards, then by code.
    order = np.lexsort((columns, -found, rows))
    rows, columns, found = rows[order], columns[order], found[order]
    places = np.arange(len(rows)) - np.searchsorted(rows, np.arange(len(scores)))[rows]
    listed = (places < n) & (found > -np.inf)
    lists[rows[listed], places[listed]] = columns[listed]
    return lists


def _candidates(scores: Scores, n: int) -> tuple[Codes, Codes]:
    """Return rows and columns of the scores that reach their row's threshold: a superset of the n best."""
    users, items = scores.shape
    groups = items // STRIDE
    if groups < 2 * n:
        place = items - n
        lowest = np.full(users, -np.inf) if place < 0 else np.partition(scores, place, axis=1)[:, place]
        rows, columns = (scores >= lowest[:, None]).nonzero()
        return rows, columns
    grouped = scores[:, : groups * STRIDE].reshape(users, STRIDE, groups)
    maxima = grouped.max(axis=1)
    lowest = np.partition(maxima, groups - n, axis=1)[:, groups - n]
    reached, group = (maxima >= lowest[:, None]).nonzero()
    hits, place = (grouped[reached, :, group] >= lowest[reached, None]).nonzero()
    rest, column = (scores[:, groups * STRIDE :] >= lowest[:, None]).nonzero()
    rows = np.concatenate([reached[hits], rest])
    columns = np.concatenate([place * groups + group[hits], column + groups * STRIDE])
    return rows, columns
