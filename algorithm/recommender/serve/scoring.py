"""Scores of all items for a user, a basket or a similar item, and which of them are excluded."""

import numpy as np
import numpy.typing as npt

from recommender.errors import RequestError
from recommender.model.model import Factors, Model, Rows
from recommender.model.ranking import Scores
from recommender.serve.queries import Query

NO_FOLD_IN = "This model cannot take items: its algorithm has no fold-in. Send a user_id."


def score(model: Model, query: Query) -> Scores | None:
    """Score every item (items,), excluded ones at -inf; None for an unknown user or item."""
    user = model.user_ids.find(query.user_id) if query.user_id is not None else None
    if query.similar_to is not None:
        scores = similar(model, query.similar_to)
    elif query.items is not None:
        scores = _basket(model, user, known_items(model, query.items))
    else:
        scores = None if user is None else of_user(model, user)
    if scores is not None:
        mask(model, query, user, scores)
    return scores


def of_user(model: Model, user: int) -> Scores:
    """Score the items (items,) for a known user."""
    if model.item_factors is not None and model.user_factors is not None:
        scores: Scores = model.item_factors @ model.user_factors[user]
        return scores
    return _by_weights(model, model.purchased.indices[model.purchased.span(user)])


def mask(model: Model, query: Query, user: int | None, scores: Scores) -> None:
    """Add the recency term, and set excluded items to -inf, in place."""
    if user is not None:
        span = model.purchased.span(user)
        if query.exclude_purchased:
            scores[model.purchased.indices[span]] = -np.inf
        elif model.recency is not None and model.recency_weight and query.similar_to is None:
            scores[model.purchased.indices[span]] += model.recency_weight * model.recency[span]
    if query.exclude:
        scores[known_items(model, query.exclude)] = -np.inf
    if query.items and query.exclude_purchased:
        scores[known_items(model, query.items)] = -np.inf


def known_items(model: Model, names: tuple[str, ...]) -> list[int]:
    """Return the codes of the known items, each once."""
    return [code for name in dict.fromkeys(names) if (code := model.item_ids.find(name)) is not None]


def similar(model: Model, name: str) -> Scores | None:
    """Score every item (items,) by its similarity to one: the factors' cosine, or the row of weights."""
    item = model.item_ids.find(name)
    if item is None:
        return None
    if model.item_weights is not None:
        scores = np.full(len(model.item_ids), -np.inf, dtype=np.float32)
        span = model.item_weights.span(item)
        scores[model.item_weights.indices[span]] = model.item_weights.values[span]
    else:
        scores = _cosines(model, item)
    scores[item] = -np.inf
    return scores


def _cosines(model: Model, item: int) -> Scores:
    assert model.item_factors is not None  # noqa: S101 - a model has factors or weights
    assert model.item_norms is not None  # noqa: S101 - and norms with factors
    if (
        model.item_factors.shape[1] == 1
    ):  # popularity: there is no similarity, so the most popular items are returned
        return model.item_factors[:, 0].copy()
    direction = model.item_factors[item] / max(float(model.item_norms[item]), 1e-12)
    if model.has_item_bias:
        direction[-1] = 0
    scores: Scores = (model.item_factors @ direction) / np.maximum(model.item_norms, 1e-12)
    return scores


def _basket(model: Model, user: int | None, basket: list[int]) -> Scores | None:
    """Score for a basket; a known user's is folded in together with the user's purchases."""
    if user is not None:
        if not basket:
            return of_user(model, user)
        bought = model.purchased.indices[model.purchased.span(user)].tolist()
        basket = list(dict.fromkeys([*bought, *basket]))
    if not basket:
        return None
    if model.item_factors is None:
        return _by_weights(model, np.array(basket))
    scores: Scores = model.item_factors @ _fold_in(model, model.item_factors, basket)
    return scores


def _fold_in(model: Model, item_factors: Factors, basket: list[int]) -> Factors:
    """Return a user's factors (k,) by fold-in of items."""
    if model.fold_in is None:
        raise RequestError(NO_FOLD_IN)
    mean: Factors = item_factors[basket].sum(axis=0) / np.float32(np.sqrt(len(basket)))
    folded: Factors = mean @ model.fold_in
    return folded


def _by_weights(model: Model, items: npt.NDArray[np.integer]) -> Scores:
    """Return the sum of the weights' rows of ``items``: (items,)."""
    weights: Rows | None = model.item_weights
    assert weights is not None  # noqa: S101 - a model has factors or weights
    spans = [weights.span(item) for item in items.tolist()]
    if not spans:
        return np.zeros(len(model.item_ids), dtype=np.float32)
    columns = np.concatenate([weights.indices[span] for span in spans])
    values = np.concatenate([weights.values[span] for span in spans])
    scores: Scores = np.bincount(columns, values, len(model.item_ids)).astype(np.float32)
    return scores
