"""Precomputed lists: a plain request (user_id and top_n) is then looked up instead of scored.

Only where that is cheap: a shop's thousands of customers and items take a fraction of a second when the
server starts. The lists come from ``recommend`` itself, so they equal those scored on request.
"""

import time

import numpy as np

from recommender.model.model import Model
from recommender.serve.queries import Query
from recommender.serve.recommend import Found, recommend

MAX_SCORES = 200_000_000  # users x items of a model for which lists are precomputed
SECONDS = 2.0  # users that are not reached by then are scored on request
DEPTH = 100  # items of a list
ENTRY_BYTES = 12  # an item in a list: its code and its score
PRECOMPUTED_BYTES = 64 * 1024 * 1024
CLOCK_EVERY = 256  # users between two checks of the time


class Precomputed:
    """Lists of the first users by code; shared by processes forked after they were made."""

    def __init__(self, model: Model, limit: int = PRECOMPUTED_BYTES, seconds: float = SECONDS) -> None:
        """Compute lists for at most ``seconds``, and in at most ``limit`` bytes."""
        users, items = len(model.user_ids), len(model.item_ids)
        depth = min(DEPTH, items)
        cheap = 0 < users * items <= MAX_SCORES
        most = min(users, limit // (ENTRY_BYTES * depth)) if cheap else 0
        self.model = model
        self._codes = np.empty((most, depth), dtype=np.intp)
        self._scores = np.empty((most, depth), dtype=np.float32)
        self._lengths = np.zeros(most, dtype=np.int32)
        self._known = self._fill(time.monotonic() + seconds)

    def __len__(self) -> int:
        return self._known

    def recommend(self, query: Query) -> Found:
        """Return the same as ``recommend``, looked up where possible."""
        if query.user_id is not None and _is_plain(query) and query.top_n <= self._codes.shape[1]:
            user = self.model.user_ids.find(query.user_id)
            if user is not None and user < self._known:
                end = min(query.top_n, int(self._lengths[user]))
                return self._codes[user, :end], self._scores[user, :end]
        return recommend(self.model, query)

    def _fill(self, deadline: float) -> int:
        most, depth = self._codes.shape
        for user in range(most):
            if user % CLOCK_EVERY == 0 and time.monotonic() > deadline:
                return user
            codes, scores = recommend(self.model, Query(self.model.user_ids[user], depth))
            self._codes[user, : len(codes)] = codes
            self._scores[user, : len(codes)] = scores
            self._lengths[user] = len(codes)
        return most


def _is_plain(query: Query) -> bool:
    return query.exclude_purchased and not query.exclude and query.items is None and query.similar_to is None
