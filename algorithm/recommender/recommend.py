"""Recommendations for one customer: the hot path of serving."""

import numpy as np

from recommender.model import Model
from recommender.ranking import best


def recommend(model: Model, user_id: str, top_n: int, *, exclude_purchased: bool) -> list[tuple[str, float]]:
    """Best items and their scores, best first; empty for a user that training never saw."""
    user = model.user_ids.find(user_id)
    if user is None:
        return []
    scores = model.item_factors @ model.user_factors[user]
    if exclude_purchased:
        start, end = model.purchased_indptr[user : user + 2]
        scores[model.purchased_indices[start:end]] = -np.inf
    codes = best(scores, top_n)
    return [
        (model.item_ids[code], score)
        for code, score in zip(codes.tolist(), scores[codes].tolist(), strict=True)
    ]
