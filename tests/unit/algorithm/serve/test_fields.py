"""The request's fields beyond the contract's: exclude, items, similar_to."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from recommender.fitting.fitted import Fitted
from recommender.model.model import Model
from recommender.serve.queries import Query
from recommender.serve.recommend import recommend, recommend_many
from tests.unit.algorithm.conftest import USERS, build

Send = Callable[..., httpx.Response]


@pytest.fixture
def codes(send: Send, item_ids: list[str]) -> Callable[..., list[int]]:
    """Ask with some fields; gives the codes of the items that come back."""

    def ask(served: Model, **fields: Any) -> list[int]:
        response = send(fields, served=served)
        assert response.status_code == 200, response.text
        return [item_ids.index(entry["item_id"]) for entry in response.json()]

    return ask


Codes = Callable[..., list[int]]


def test_excluded_items_make_room_for_others(codes: Codes, model: Model, item_ids: list[str]) -> None:
    gone = [item_ids[4], item_ids[3], "no such item", "\ud800"]
    assert codes(model, user_id="13085", top_n="2", exclude=gone) == [2, 1]
    assert codes(model, user_id="13085", exclude=item_ids) == []
    assert codes(model, user_id="13085", top_n="1", exclude=[]) == [4]


def test_a_basket_stands_for_a_customer_whom_training_never_saw(
    codes: Codes, model: Model, item_ids: list[str]
) -> None:
    """The model's fold-in keeps the first factor, so items score by it; those of the basket are left out."""
    assert codes(model, items=[item_ids[1]]) == [0, 2, 3, 4]
    assert codes(model, user_id="new", items=[item_ids[1], "unknown", item_ids[1]]) == [0, 2, 3, 4]
    assert codes(model, items=[item_ids[1]], exclude_purchased=False) == [0, 1, 2, 3, 4]


def test_a_baskets_score_is_the_folded_in_one(model: Model) -> None:
    _, scores = recommend(model, Query(None, 1, items=("1e5", "2,5")))
    assert scores.tolist() == pytest.approx([5 * (4 + 3) / np.sqrt(2)])


def test_a_known_users_basket_is_added_to_what_they_bought(
    codes: Codes, weighted_model: Model, item_ids: list[str]
) -> None:
    # User 00123 bought 0 and 2: together with item 1, 3 gets 1 of item 2 and 0.5 of item 1.
    assert codes(weighted_model, user_id="00123", items=[item_ids[1]]) == [3, 4]
    _, scores = recommend(weighted_model, Query("00123", items=(item_ids[1],)))
    assert scores.tolist() == [1.5, 0.5]


def test_item_weights_score_a_users_history(codes: Codes, weighted_model: Model) -> None:
    assert codes(weighted_model, user_id="00123", top_n="3") == [1, 3, 4]  # 1, 1 and 0.5
    assert codes(weighted_model, user_id="13085", top_n="2") == [0, 1]  # bought nothing: in order of ids


@pytest.mark.parametrize("items", [[], ["unknown"]])
def test_an_empty_basket_says_nothing(codes: Codes, model: Model, items: list[str]) -> None:
    assert codes(model, items=items) == []
    assert codes(model, user_id="nobody", items=items) == []
    assert codes(model, user_id="13085", items=items) == codes(model, user_id="13085")


def test_a_model_that_cannot_fold_in_says_so(send: Send, model: Model) -> None:
    bare = dataclasses.replace(model, fold_in=None)
    response = send({"items": ["1e5"]}, served=bare)
    assert (response.status_code, "cannot take items" in response.json()["error"]) == (400, True)
    assert send({"items": []}, served=bare).json() == []


def test_similar_items_are_those_of_the_same_direction_whatever_their_bias(
    codes: Codes, item_ids: list[str]
) -> None:
    items = np.array([[1, 0, 9], [0, 1, 0], [2, 0.1, 0], [-1, 0, 99], [5, 5, 0]], dtype=np.float32)
    users = np.array([[1, 2, 1], [3, 4, 1], [0, 0, 1]], dtype=np.float32)
    biased = build(USERS, item_ids, Fitted(users, items))
    assert biased.has_item_bias
    assert codes(biased, similar_to=item_ids[0]) == [2, 4, 1, 3]
    _, scores = recommend(biased, Query(None, similar_to=item_ids[0]))
    assert scores.tolist() == pytest.approx([2 / np.hypot(2, 0.1), np.sqrt(0.5), 0, -1])


def test_similar_items_of_item_weights_are_those_it_has_weights_for(
    codes: Codes, weighted_model: Model, item_ids: list[str]
) -> None:
    assert codes(weighted_model, similar_to=item_ids[0]) == [1, 2]
    assert codes(weighted_model, similar_to=item_ids[4]) == []


def test_similar_to_in_a_model_of_popularity_is_what_is_popular(codes: Codes, item_ids: list[str]) -> None:
    counts = np.array([[1], [5], [3], [2], [4]], dtype=np.float32)
    popularity = Fitted(np.ones((3, 1), np.float32), counts, np.ones((1, 1), np.float32))
    assert codes(build(USERS, item_ids, popularity), similar_to=item_ids[1]) == [4, 2, 3, 0]


def test_similar_items_may_leave_out_what_a_user_bought(
    codes: Codes, model: Model, item_ids: list[str]
) -> None:
    found = codes(model, similar_to=item_ids[1], user_id="00123")
    assert sorted(found) == [3, 4]
    everything = codes(model, similar_to=item_ids[1], user_id="00123", exclude_purchased="false")
    assert sorted(everything) == [0, 2, 3, 4]
    assert codes(model, similar_to="no such item") == []


def test_who_is_not_named_has_no_name_in_the_answer(send: Send, item_ids: list[str]) -> None:
    query = {"items": [item_ids[1]], "top_n": 1}
    assert send(query).json()[0]["user_id"] is None
    assert send(query, headers={"accept": "text/csv"}).text.startswith(",00123,")
    assert send({**query, "user_id": 'a"\n,'}).json()[0]["user_id"] == 'a"\n,'


def test_half_a_surrogate_pair_is_answered_with_a_question_mark(send: Send, item_ids: list[str]) -> None:
    response = send(b'{"user_id": "\\ud800", "items": ["1e5"], "top_n": 1}')
    assert response.json()[0]["user_id"] == "?"


@pytest.mark.parametrize("kind", ["model", "weighted_model"])
def test_many_mixed_queries_are_answered_as_each_alone(kind: str, request: pytest.FixtureRequest) -> None:
    served: Model = request.getfixturevalue(kind)
    some = [
        Query("00123", 2),
        Query("nobody", 1000),
        Query("13085", 5, exclude=("1e5",)),
        Query(None, 3, items=("2,5",)),
        Query("00123", 4, exclude_purchased=False),
        Query(None, 1, similar_to='a"b'),
        Query(None, 1, items=()),
        Query("85123A", 1000),
    ]
    queries = some * 100  # more than one block
    found = [each for block in recommend_many(served, queries) for each in block]
    assert len(found) == len(queries)
    for query, (items, scores) in zip(queries, found, strict=True):
        alone, alone_scores = recommend(served, query)
        assert items.tolist() == alone.tolist()
        assert scores.tolist() == pytest.approx(alone_scores.tolist())


def test_one_bad_line_of_many_is_named(send: Send) -> None:
    body = b"\n".join([json.dumps({"similar_to": "1e5"}).encode()] * 50 + [b'{"items": 1}'])
    response = send(body)
    assert response.status_code == 400
    assert response.json()["error"].startswith("Line 51: items must be a list")
