import csv
import dataclasses
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from recommender.model.model import Model

Send = Callable[..., httpx.Response]
CSV = {"accept": "text/csv"}


def items_of(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [entry["item_id"] for entry in response.json()]


def error_of(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    return str(response.json()["error"])


def test_ping_answers(send: Send) -> None:
    assert send(method="GET", path="/ping").status_code == 200


def test_a_request_of_the_contract_gets_items_best_first(send: Send, item_ids: list[str]) -> None:
    response = send({"user_id": "13085", "top_n": "2"})
    assert response.json() == [
        {"user_id": "13085", "item_id": item_ids[4], "score": 5.0},
        {"user_id": "13085", "item_id": item_ids[3], "score": 4.0},
    ]
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("query", "expected"), [({}, [1, 3, 4]), ({"exclude_purchased": "true"}, [1, 3, 4])])
@pytest.mark.parametrize("top_n", ["5", 5, "1000", 1000])
def test_bought_items_are_left_out(
    send: Send, item_ids: list[str], query: dict[str, Any], expected: list[int], top_n: Any
) -> None:
    found = items_of(send({"user_id": "00123", "top_n": top_n, **query}))
    assert found == [item_ids[code] for code in expected]


@pytest.mark.parametrize("no", [False, "false", "False"])
def test_bought_items_may_be_asked_for_and_the_newest_comes_first(
    send: Send, item_ids: list[str], no: Any
) -> None:
    response = send({"user_id": "00123", "top_n": "5", "exclude_purchased": no})
    assert items_of(response) == [item_ids[code] for code in (2, 0, 1, 3, 4)]
    assert response.json()[0]["score"] == 13.0  # its own 3, and 10 for being the newest


def test_equal_scores_come_in_the_order_of_ids(send: Send, item_ids: list[str]) -> None:
    assert items_of(send({"user_id": "85123A", "top_n": "3"})) == item_ids[:3]


@pytest.mark.parametrize("stranger", ["99999", "123", "\ud800", "00123 "])
def test_an_unknown_user_gets_an_empty_list(send: Send, stranger: str) -> None:
    assert send({"user_id": stranger, "top_n": "10"}).json() == []
    assert send({"user_id": stranger, "top_n": "10"}, headers=CSV).content == b""


def test_csv_has_no_header_and_quotes_what_needs_it(send: Send, item_ids: list[str]) -> None:
    response = send({"user_id": "13085", "top_n": "5"}, headers=CSV)
    rows = list(csv.reader(io.StringIO(response.text)))
    assert [item for _, item, _ in rows] == item_ids[::-1]
    assert {user for user, _, _ in rows} == {"13085"}
    assert [float(score) for _, _, score in rows] == [5, 4, 3, 2, 1]
    assert not response.text.endswith("\n")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/jsonlines", "application/x-jsonlines; charset=utf-8"]
)
def test_several_lines_are_answered_in_order(send: Send, item_ids: list[str], kind: str) -> None:
    users = ["13085", "nobody", "00123"]
    body = "\r\n\n".join(json.dumps({"user_id": user, "top_n": "1"}) for user in users).encode()
    response = send(body, headers={"content-type": kind, **CSV})
    assert response.text == "13085,naïve 🎁,5.0\n00123,1e5,4.0"
    lines = send(body, headers={"content-type": kind, "accept": "application/jsonlines"}).text.split("\n")
    found = [[entry["item_id"] for entry in json.loads(line)] for line in lines]
    assert found == [[item_ids[4]], [], ["1e5"]]
    assert items_of(send(body, headers={"content-type": kind})) == [item_ids[4], "1e5"]


def test_one_object_may_be_spread_over_lines(send: Send, item_ids: list[str]) -> None:
    assert items_of(send(json.dumps({"user_id": "13085", "top_n": 1}, indent=2).encode())) == [item_ids[4]]


def test_a_line_ends_only_at_a_line_feed(send: Send) -> None:
    odd = json.dumps({"user_id": "a\u2028b\x85c"}, ensure_ascii=False)
    assert items_of(send(f'{odd}\n{{"user_id":"13085","top_n":"1"}}'.encode())) == ["naïve 🎁"]


def test_top_n_is_ten_when_left_out(send: Send) -> None:
    assert len(items_of(send({"user_id": "13085"}))) == 5  # all there are


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json;q=0.1, text/csv;q=0.9", "text/csv"),
        ("application/json; Q = 0, text/csv", "text/csv"),
        ("*/*;q=0.1,text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0, application/*", "application/jsonlines"),
        ("text/csv;q=0.5, application/json;q=0.5", "text/csv"),
        ("text/csv;q=high", "text/csv"),
    ],
)
def test_what_is_liked_best_is_sent(send: Send, accept: str, expected: str) -> None:
    response = send({"user_id": "13085"}, headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, expected)


def test_what_is_not_acceptable_is_not_sent(send: Send) -> None:
    assert "text/csv" in error_of(send({"user_id": "1"}, headers={"accept": "text/csv;q=0"}), 406)


@pytest.mark.parametrize("accept", ["*/*", "", "application/json;q=0.9", "text/html, application/*"])
def test_json_is_what_most_accept(send: Send, accept: str) -> None:
    response = send({"user_id": "13085"}, headers={"accept": accept})
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"9" * 5000, "not JSON"),
        ([], "not a JSON object"),
        ({"top_n": "10"}, "user_id must be a string"),
        ({"user_id": 13085, "top_n": "10"}, "user_id must be a string"),
        ({"user_id": "", "top_n": "10"}, "user_id must be a string"),
        ({"user_id": "1", "excluded": "10"}, "Unknown field: excluded"),
        ({"user_id": "1", "exclude": "10"}, "exclude must be a list of item ids"),
        ({"user_id": "1", "exclude": [10]}, "exclude must be a list of item ids"),
        ({"user_id": "1", "items": [""]}, "items must be a list of item ids"),
        ({"user_id": "1", "items": None}, "items must be a list of item ids"),
        ({"user_id": None, "items": ["1e5"]}, "user_id must be a string"),
        ({"items": ["1"] * 10_001}, "items may name at most 10000 items"),
        ({"similar_to": ["1e5"]}, "similar_to must be a string"),
        ({"similar_to": "1e5", "items": ["1e5"]}, "not both"),
        ({"exclude": ["1e5"]}, "user_id must be a string"),
        (b'{"user_id": "1", "top_n": NaN}', "top_n must be a whole number"),
        (b'{"user_id": "1", "top_n": 1e999}', "top_n must be a whole number"),
        (b'{"user_id": "1", "top_n": ' + b"9" * 3000 + b"}", "top_n must be a whole number"),
        (b'{"user_id": "1", "items": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
        (b'{"user_id": "1", "user_id": 2, "top_n": "1"}', "user_id must be a string"),
        (b"\x00" * 1000, "not JSON"),
        (b'{"user_id": "1"} {"user_id": "1"}', "not JSON"),
        ({"user_id": "1", "exclude_purchased": "maybe"}, "exclude_purchased must be true or false"),
        ({"user_id": "1", "exclude_purchased": 1}, "exclude_purchased must be true or false"),
        (b'{"user_id":"1"}\n{"user_id":1}', "Line 2: user_id must be a string"),
        (b'{"user_id":"1"}\n\nnonsense', "Line 3: This is not JSON"),
    ],
)
def test_an_invalid_request_gets_the_reason(send: Send, body: Any, sentence: str) -> None:
    assert sentence in error_of(send(body), 400)


@pytest.mark.parametrize(
    "top_n", ["0", 0, -1, "1001", "ten", "", "1.0", 1.5, True, None, [1], "٣", "+5", "9" * 5000]
)
def test_top_n_must_be_a_whole_number_from_1_to_1000(send: Send, top_n: Any) -> None:
    assert "top_n must be a whole number from 1 to 1000" in error_of(
        send({"user_id": "1", "top_n": top_n}), 400
    )


def test_other_content_types_and_accepts_are_refused(send: Send) -> None:
    assert "text/plain" in error_of(send({"user_id": "1"}, headers={"content-type": "text/plain"}), 415)
    assert "image/png" in error_of(send({"user_id": "1"}, headers={"accept": "image/png"}), 406)


def test_a_body_may_not_be_too_large(send: Send) -> None:
    body = json.dumps({"user_id": "13085"}).encode()
    assert send(body, max_body=len(body)).status_code == 200
    assert "larger than" in error_of(send(body + b" ", max_body=len(body)), 413)


def test_a_body_may_not_ask_for_too_much(send: Send) -> None:
    body = b'{"user_id":"x","top_n":"1000"}\n' * 4001
    assert "4000000 recommendations" in error_of(send(body), 413)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/invocations", 405), ("GET", "/elsewhere", 404)]
)
def test_other_paths_and_methods_are_refused_in_json(send: Send, method: str, path: str, status: int) -> None:
    assert "/ping" in error_of(send(method=method, path=path), status)


def test_a_web_page_is_answered_nothing(send: Send) -> None:
    plain = {"origin": "http://evil.example", "content-type": "text/plain"}
    assert "web page" in error_of(send({"user_id": "13085"}, headers=plain), 403)


def test_an_internal_error_is_not_returned_in_detail(send: Send, model: Model) -> None:
    broken = dataclasses.replace(model, item_factors=np.ones((5, 7), dtype=np.float32))
    response = send({"user_id": "13085"}, served=broken, precomputed_bytes=0)
    assert error_of(response, 500) == "The recommender failed; its log has the error."
