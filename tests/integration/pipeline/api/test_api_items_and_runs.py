"""The API's answers about items, rankings and runs; every example event gets a good one."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from retailrec_shared.serving.keys import item_key
from retailrec_shared.serving.table import serving
from tests.integration.pipeline.api.api_client import RUN, FakeRuntime, answer_to, call, get, items, post

EVENTS = sorted((Path(__file__).parents[4] / "events").glob("api-*.json"))


def test_an_item_is_described(runtime: FakeRuntime) -> None:
    status, answer = get("/items/85123A")
    assert (status, answer["description"], answer["customers"]) == (200, "THING 85123A", 7)
    assert get("/items/nothing")[0] == 404


def test_an_item_that_is_published_after_it_was_asked_for_is_found(runtime: FakeRuntime) -> None:
    assert get("/items/LATE")[0] == 404
    serving().put_all([(item_key(RUN, "LATE"), {"description": "AT LAST"})])
    assert get("/items/LATE")[0] == 200


def test_an_item_that_cannot_be_read_is_not_reported_as_unknown(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    get("/model")
    monkeypatch.setattr(serving(), "get", lambda _keys: 1 / 0)
    assert get("/items/85123A")[0] == 503
    status, answer = get("/items/85123A/similar")
    assert (status, answer["source"], len(items(answer))) == (200, "popular", 10)


def test_similar_items_are_filled_up_with_popular_ones(runtime: FakeRuntime) -> None:
    status, answer = get("/items/P1/similar", top_n="4")
    assert (status, answer["source"], items(answer)) == (200, "similar", ["S1", "S2", "P3", "P2"])
    assert answer["items"][3]["source"] == "popular"
    lonely = get("/items/85123A/similar", top_n="2")[1]
    assert (lonely["source"], items(lonely)) == ("popular", ["P1", "P2"])
    assert get("/items/nothing/similar")[0] == 404


@pytest.mark.parametrize(
    ("query", "source", "since", "best"),
    [
        ({}, "popular", None, "P1"),
        ({"country": "France"}, "popular_in_country", None, "P1"),
        ({"country": "Atlantis"}, "popular", None, "P1"),
        ({"since": "2011-10"}, "popular", "2011-10-01", "P9"),
        ({"since": "2011-11-15"}, "popular", "2011-12-01", "P8"),
        ({"since": "2015-01"}, "popular", "2011-12-01", "P8"),
        ({"since": "1999-01", "country": "France"}, "popular_in_country", "2011-11-01", "P7"),
    ],
)
def test_popular_items_name_their_ranking(
    runtime: FakeRuntime, query: dict[str, str], source: str, since: str | None, best: str
) -> None:
    status, answer = get("/items/popular", **query)
    assert (status, answer["source"], answer["since"], items(answer)[0]) == (200, source, since, best)


def test_wider_rankings_fill_up_a_month_and_are_named(runtime: FakeRuntime) -> None:
    status, answer = get("/items/popular", since="2011-11", country="France", top_n="4")
    assert (status, items(answer)) == (200, ["P7", "P8", "P9", "P1"])
    assert [item["why"] for item in answer["items"]] == [
        "Bought by 1 customer in France since 2011-11-01.",
        "Bought by 2 customers since 2011-12-01.",
        "Bought by 1 customer since 2011-12-01.",
        "Bought by 189 customers in France.",
    ]


@pytest.mark.parametrize("query", [{}, {"since": "2011-10"}, {"since": "2011-10", "country": "France"}])
def test_popular_items_in_stock_are_given_even_if_no_ranking_names_them(
    runtime: FakeRuntime, query: dict[str, str]
) -> None:
    status, answer = get("/items/popular", in_stock="B1,P9,R10,nothing", exclude="P9", **query)
    assert (status, sorted(items(answer)), answer["source"]) == (200, ["B1", "R10"], "popular")
    assert (answer["since"], answer["country"]) == (None, None), "what these are of"


def test_without_all_popular_items_less_popular_ones_are_recommended(runtime: FakeRuntime) -> None:
    best = ",".join(f"P{n}" for n in range(1, 121))
    for path in ("/customers/nobody/recommendations", "/items/popular"):
        status, answer = get(path, exclude=best, top_n="10")
        assert (status, items(answer)) == (200, [f"R{n}" for n in range(1, 11)])


def test_what_is_in_stock_is_looked_up_once_however_many_customers_are_asked_for(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = serving().get, Counter[str]()

    def counting(keys: Iterable[str]) -> dict[str, Any]:
        keys = list(keys)
        asked.update(keys)
        return read(keys)

    monkeypatch.setattr(serving(), "get", counting)
    body = {"customers": [f"new {n}" for n in range(100)], "in_stock": ["B1", "sold only elsewhere"]}
    status, answer = post("/recommendations", body)
    assert (status, [items(each) for each in answer["answers"]]) == (200, [["B1"]] * 100)
    assert asked[item_key(RUN, "sold only elsewhere")] == 1


@pytest.mark.parametrize("path", ["/customers/17000/recommendations", "/items/popular", "/items/P1/similar"])
@pytest.mark.parametrize("in_stock", ["", ",,", ["P1", ""]])
def test_a_shop_without_stock_is_not_offered_everything(
    runtime: FakeRuntime, path: str, in_stock: str | list[str]
) -> None:
    status, answer = get(path, in_stock=in_stock)
    assert (status, answer["field"]) == (400, "in_stock")


@pytest.mark.parametrize("length", [256, 257])
def test_an_id_is_as_long_as_files_may_have_it_however_it_is_encoded(
    runtime: FakeRuntime, length: int
) -> None:
    path = f"/customers/{'%E4%B8%AD' * length}/recommendations"
    status, answer = get(path)
    if length > 256:
        assert (status, answer["field"]) == (400, "customer_id")
    else:
        assert (status, answer["customer_id"], len(items(answer))) == (200, "中" * length, 10)


@pytest.mark.parametrize(
    "since",
    [
        "2011",
        "2011-13",
        "yesterday",
        "2011-1-1",
        "2011-02-30",
        "2011-02-29",
        "1900-02-29",
        "2011-04-31",
        "2011-01\n",
    ],
)
def test_a_bad_month_is_named(runtime: FakeRuntime, since: str) -> None:
    status, answer = get("/items/popular", since=since)
    assert (status, answer["field"]) == (400, "since")


def test_more_ids_than_are_taken_are_refused(runtime: FakeRuntime) -> None:
    status, answer = get("/items/popular", exclude=",".join(map(str, range(1001))))
    assert (status, answer["field"]) == (400, "exclude")


def test_the_model_and_its_run_are_described(runtime: FakeRuntime) -> None:
    status, model = get("/model")
    assert (status, model["run_id"], model["metrics"]) == (200, RUN, {"p@k(10)": 0.2})
    assert model["age_seconds"] >= 0
    status, runs = get("/runs")
    assert (status, runs["live"], [run["live"] for run in runs["runs"]]) == (200, RUN, [True])
    status, run = get(f"/runs/{RUN}")
    assert (status, run["file"], run["status"]) == (200, "a.csv", "live")
    assert get("/runs/nothing")[0] == 404


def test_unknown_paths_and_methods_are_problems(runtime: FakeRuntime) -> None:
    status, answer, headers = call("GET", "/nowhere")
    assert (status, answer["type"]) == (404, "urn:retailrec:problem:not-found")
    assert headers["Content-Type"] == "application/problem+json"
    status, answer, headers = call("DELETE", "/items/1/similar")
    assert (status, answer["title"], headers["Allow"]) == (405, "Method Not Allowed", "GET")


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_example_event_is_answered(runtime: FakeRuntime, path: Path) -> None:
    event: dict[str, Any] = json.loads(path.read_text())
    expected = {"api-unknown-item": 404, "api-unknown-path": 404, "api-wrong-method": 405, "api-run": 404}
    status, answer, _ = answer_to(event)
    assert status == expected.get(path.stem, 200), answer
