"""Recommendations for one query, the hot path of serving, and for many, in blocks."""

from collections.abc import Iterator, Sequence

import numpy as np

from recommender.model.model import Model
from recommender.model.ranking import NOTHING, Codes, Scores, best, best_rows
from recommender.serve.queries import Query
from recommender.serve.scoring import mask, score

BLOCK_CELLS = 1_000_000  # scores held at a time: they mostly fit in a CPU's cache
BLOCK_QUERIES = 256

# Codes of items, best first, and their scores (float32).
Found = tuple[Codes, Scores]
NONE: Found = (np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float32))


def recommend(model: Model, query: Query) -> Found:
    """Return the best items for a query and their scores; empty for an unknown user or item."""
    scores = score(model, query)
    if scores is None:
        return NONE
    codes = best(scores, query.top_n)
    return codes, scores[codes]


def recommend_many(model: Model, queries: Sequence[Query]) -> Iterator[list[Found]]:
    """Yield the results of ``recommend`` for each query in order, a block of them at a time."""
    size = max(1, min(BLOCK_QUERIES, BLOCK_CELLS // max(1, len(model.item_ids))))
    scores = np.empty((min(size, len(queries)), len(model.item_ids)), dtype=np.float32)
    for start in range(0, len(queries), size):
        block = queries[start : start + size]
        yield _block(model, block, scores[: len(block)])


def _block(model: Model, queries: Sequence[Query], scores: Scores) -> list[Found]:
    known = _score_rows(model, queries, scores)
    most = max(query.top_n for query in queries)
    lists = best_rows(scores, most)
    values = np.take_along_axis(scores, np.maximum(lists, 0), axis=1)
    lengths = (lists != NOTHING).sum(axis=1).tolist()
    found = []
    for row, query in enumerate(queries):
        end = min(lengths[row], query.top_n) if known[row] else 0
        found.append((lists[row, :end], values[row, :end]))
    return found


def _score_rows(model: Model, queries: Sequence[Query], scores: Scores) -> list[bool]:
    """Fill a row for each query; False for an unknown user or item. Users share one matrix product."""
    users = [
        model.user_ids.find(query.user_id)
        if query.user_id is not None and query.items is None and query.similar_to is None
        else None
        for query in queries
    ]
    if model.user_factors is None or model.item_factors is None:
        users = [None] * len(queries)
    else:
        rows = [0 if user is None else user for user in users]
        np.matmul(model.user_factors[rows], model.item_factors.T, out=scores)
    known = []
    for row, (query, user) in enumerate(zip(queries, users, strict=True)):
        if user is not None:
            mask(model, query, user, scores[row])
            known.append(True)
            continue
        alone = score(model, query)
        scores[row] = -np.inf if alone is None else alone
        known.append(alone is not None)
    return known
