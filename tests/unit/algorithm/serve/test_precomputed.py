"""Precomputed lists are the same as those scored on request."""

import dataclasses

import numpy as np
import pytest

from recommender.fitting.fitted import Fitted
from recommender.model.model import Model
from recommender.serve import precomputed
from recommender.serve.precomputed import Precomputed
from recommender.serve.queries import Query
from recommender.serve.recommend import recommend
from tests.unit.algorithm.conftest import build

USERS = [f"u{number:04}" for number in range(600)]
ITEMS = [f"i{number:04}" for number in range(700)]
AMPLE = 3600.0  # seconds, for whatever is not about them


@pytest.fixture
def shop() -> Model:
    random = np.random.default_rng(3)
    users = random.standard_normal((len(USERS), 9), dtype=np.float32)
    items = random.standard_normal((len(ITEMS), 9), dtype=np.float32)
    return build(USERS, ITEMS, Fitted(users, items, np.eye(9, dtype=np.float32)))


def scored_when_asked(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """Note the queries that are not looked up."""
    asked: list[Query] = []

    def score(model: Model, query: Query) -> object:
        asked.append(query)
        return recommend(model, query)

    monkeypatch.setattr(precomputed, "recommend", score)
    return asked


@pytest.mark.parametrize("top_n", [1, 10, 100, 101, 1000])
def test_every_user_gets_the_very_same_items_and_scores(shop: Model, top_n: int) -> None:
    known = Precomputed(shop, seconds=AMPLE)
    assert len(known) == len(USERS)
    for user in [*USERS, "nobody"]:
        codes, scores = known.recommend(Query(user, top_n))
        expected = recommend(shop, Query(user, top_n))
        np.testing.assert_array_equal(codes, expected[0])
        np.testing.assert_array_equal(scores, expected[1])


def test_models_of_weights_and_short_lists_are_looked_up_too(
    weighted_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Precomputed(weighted_model, seconds=AMPLE)
    asked = scored_when_asked(monkeypatch)
    codes, scores = known.recommend(Query("00123", 5))
    assert codes.tolist() == [1, 3, 4]
    assert scores.tolist() == [1.0, 1.0, 0.5]
    assert asked == []


def test_only_the_plain_contract_is_looked_up(shop: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Precomputed(shop, seconds=AMPLE)
    asked = scored_when_asked(monkeypatch)
    assert len(known.recommend(Query("u0000", 100))[0]) == 100
    assert asked == []
    others = [
        Query("u0000", exclude_purchased=False),
        Query("u0000", exclude=("i0001",)),
        Query("u0000", items=("i0001",)),
        Query("u0000", similar_to="i0001"),
        Query(None, similar_to="i0001"),
        Query("u0000", 101),
    ]
    for query in others:
        known.recommend(query)
    assert asked == others


@pytest.mark.parametrize(
    ("limit", "seconds", "expected"), [(0, AMPLE, 0), (12 * 100 * 50, AMPLE, 50), (1 << 30, -1.0, 0)]
)
def test_bytes_and_time_bound_it_and_the_rest_is_scored(
    shop: Model, limit: int, seconds: float, expected: int
) -> None:
    known = Precomputed(shop, limit, seconds)
    assert len(known) == expected
    np.testing.assert_array_equal(known.recommend(Query("u0300"))[0], recommend(shop, Query("u0300"))[0])


def test_large_models_are_left_alone(shop: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precomputed, "MAX_SCORES", len(USERS) * len(ITEMS) - 1)
    assert len(Precomputed(shop)) == 0


def test_a_model_without_items_is_served(shop: Model) -> None:
    empty = dataclasses.replace(shop, item_ids=shop.item_ids.of([]), user_ids=shop.user_ids.of([]))
    assert Precomputed(empty).recommend(Query("u0000"))[0].tolist() == []
