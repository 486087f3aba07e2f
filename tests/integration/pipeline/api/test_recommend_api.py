"""The API's answers about customers: from the best source that has one; never empty, never a stack trace."""

import io
import json
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from recommend_api import budget, endpoint
from recommend_api.breaker import Breaker
from retailrec_shared.core.observability import logger
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.serving.table import serving
from tests.environment import CONFIGURATION
from tests.integration.pipeline.api.api_client import (
    CUSTOMERS,
    NEWER,
    RUN,
    Clock,
    FakeRuntime,
    call,
    clear_cache,
    get,
    items,
    post,
)

SLOW_SECONDS = 5.0  # longer than any budget


def test_the_endpoint_answers_first(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/13085/recommendations", top_n="2")
    assert status == 200
    assert (answer["source"], answer["run_id"], answer["customer_id"]) == ("endpoint", RUN, "13085")
    first = answer["recommendations"][0]
    assert (first["item_id"], first["description"], first["score"]) == ("85123A", "THING 85123A", 0.5)
    assert answer["recommendations"][1]["description"] is None


def test_what_was_bought_since_the_training_is_excluded_and_replaced(runtime: FakeRuntime) -> None:
    runtime.known = {"13085": ["P1", "85123A", "22423"]}
    answer = get("/customers/13085/recommendations", top_n="2")[1]
    assert items(answer) == ["85123A", "22423"], "P1 is among the customer's purchases"


@pytest.mark.parametrize("body", [b"", b"not json", b"{}", b'[{"item": 1}]', b"null"])
def test_the_batch_result_answers_when_the_endpoint_response_is_invalid(
    runtime: FakeRuntime, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "invoke_endpoint", lambda **_request: {"Body": io.BytesIO(body)})
    status, answer = get("/customers/13085/recommendations")
    assert (status, answer["source"], items(answer)[:2]) == (200, "batch", ["B1", "B2"])
    sources = [each["source"] for each in answer["recommendations"]]
    assert sources[:4] == ["batch", "batch", "similar", "similar"], "other sources fill up"
    assert len(sources) == 10


def test_the_batch_result_answers_when_the_endpoint_is_slow(runtime: FakeRuntime) -> None:
    runtime.error = ReadTimeoutError(endpoint_url="x")
    assert get("/customers/13085/recommendations", top_n="1")[1]["source"] == "batch"


def test_popular_items_of_the_country_answer_without_what_was_bought(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/17000/recommendations")
    assert (status, answer["source"]) == (200, "popular_in_country")
    assert items(answer) == [f"P{n}" for n in range(2, 12)], "P1 was bought, beyond the latest purchases"


def test_a_country_without_ranking_gets_what_is_popular_overall(runtime: FakeRuntime) -> None:
    answer = get("/customers/17001/recommendations")[1]
    assert (answer["source"], len(items(answer))) == ("popular", 10)


def test_an_unknown_customer_gets_popular_items_marked_as_such(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/nobody/recommendations")
    assert (status, answer["source"]) == (200, "popular")
    assert items(answer) == [f"P{n}" for n in range(1, 11)]
    assert answer["recommendations"][0]["description"] == "THING P1"


def test_an_answer_of_a_run_that_is_about_to_be_live_names_that_run(runtime: FakeRuntime) -> None:
    runtime.run, runtime.known = NEWER, {"13085": ["NEW", "85123A"]}
    answer = get("/customers/13085/recommendations", top_n="2")[1]
    assert answer["run_id"] == NEWER
    assert [entry["description"] for entry in answer["recommendations"]] == ["BRAND NEW", "THING 85123A"]


def test_a_hundred_items_of_a_run_that_is_about_to_be_live_are_described(runtime: FakeRuntime) -> None:
    runtime.run, runtime.known = NEWER, {"13085": [f"N{n}" for n in range(100)]}
    status, answer = get("/customers/13085/recommendations", top_n="100")
    assert (status, len(items(answer))) == (200, 100)


def test_ids_are_used_unchanged(runtime: FakeRuntime) -> None:
    runtime.known = {"Müller & Söhne": ["85123A"]}
    answer = get("/customers/M%C3%BCller%20&%20S%C3%B6hne/recommendations")[1]
    assert (answer["customer_id"], answer["source"]) == ("Müller & Söhne", "endpoint")


@pytest.mark.parametrize("top_n", ["0", "101", "-1", "ten", "1.5", ""])
def test_a_bad_top_n_is_named(runtime: FakeRuntime, top_n: str) -> None:
    status, answer = get("/customers/13085/recommendations", top_n=top_n)
    assert (status, answer["field"]) == (400, "top_n")
    assert answer["title"] == "Bad Request"


def test_purchases_come_with_descriptions(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/13085/purchases")
    assert (status, answer["total"], answer["country"]) == (200, 1, "France")
    assert answer["purchases"][0]["description"] == "THING P1"


def test_an_unknown_customer_has_no_purchases(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/nobody/purchases")
    assert status == 404
    assert "nobody" in answer["detail"]


def test_before_the_first_run_is_live_the_answer_says_so(cloud: None) -> None:
    clear_cache()
    status, answer = get("/customers/13085/recommendations")
    assert status == 503
    assert "drop a file" in answer["detail"]


def test_an_unknown_path_is_a_problem_too(cloud: None) -> None:
    assert get("/nowhere")[0] == 404


def test_without_the_table_the_endpoint_and_the_cache_answer(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    get("/customers/nobody/recommendations")

    def explode(_keys: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(serving(), "get", explode)
    status, answer = get("/customers/13085/recommendations", top_n="2")
    assert (status, answer["source"]) == (200, "endpoint")
    runtime.error = ReadTimeoutError(endpoint_url="x")
    status, answer = get("/customers/13085/recommendations", top_n="2")
    assert (status, answer["source"], len(items(answer))) == (200, "popular", 2)
    status, answer = get("/customers/13085/purchases")
    assert status == 503
    assert "secret" not in json.dumps(answer)


def test_an_internal_error_returns_no_traceback_and_logs_no_id(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(customer: str, _limit: int) -> None:
        raise RuntimeError(f"secret detail of {customer}")

    monkeypatch.setattr("recommend_api.customers.purchases_of", explode)
    logger.handlers[0].setStream(sys.stdout)  # type: ignore[attr-defined]
    status, answer = get("/customers/13085/purchases")
    assert (status, answer["type"]) == (500, "urn:retailrec:problem:internal")
    assert "secret" not in json.dumps(answer)
    logged = capsys.readouterr().out
    assert "request failed" in logged
    assert "13085" not in logged


def test_similar_items_answer_when_there_is_no_batch_result_and_say_why(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/13086/recommendations", top_n="3")
    assert (status, answer["source"]) == (200, "similar")
    first, second, _ = answer["recommendations"]
    assert (first["item_id"], first["because_of"]) == ("S2", "P1"), "S1 and P3 were bought"
    assert first["why"] == "Because you bought THING P1."
    assert (second["source"], second["why"]) == ("popular_in_country", "Bought by 188 customers in France.")


def test_what_was_bought_is_recommended_again_on_request(runtime: FakeRuntime) -> None:
    answer = get("/customers/13086/recommendations", top_n="3", exclude_purchased="false")[1]
    assert items(answer) == ["S1", "S2", "P3"]
    assert runtime.requests[-1]["exclude_purchased"] is False


@pytest.mark.parametrize(("asked", "sent"), [({}, False), ({"exclude_purchased": "true"}, None)])
def test_by_default_purchases_are_excluded_as_the_live_run_has_it(
    runtime: FakeRuntime, book: Ledger, asked: dict[str, str], sent: bool | None
) -> None:
    book.record(RUN, configuration={**CONFIGURATION, "exclude_purchased": "false"})
    runtime.known = {"13085": ["P1", "85123A", "22423"], "P1,B1": ["P1", "S1"]}
    answer = get("/customers/13085/recommendations", top_n="1", **asked)[1]
    assert items(answer) == (["P1"] if sent is False else ["85123A"])
    assert runtime.requests[-1].get("exclude_purchased") is sent
    if not asked:
        assert items(post("/recommendations", {"customers": ["13085"], "top_n": 1})[1]["answers"][0]) == [
            "P1"
        ]
        assert items(post("/recommendations", {"items": ["P1", "B1"], "top_n": 1})[1]) == ["P1"]


def test_what_is_to_be_left_out_is_left_out_by_the_endpoint(runtime: FakeRuntime) -> None:
    runtime.known = {"13085": [f"X{n}" for n in range(1000)]}
    exclude = [f"X{n}" for n in range(900)]
    body = {"customers": ["13085"], "top_n": 100, "exclude": exclude}
    answer = post("/recommendations", body)[1]["answers"][0]
    assert items(answer) == [f"X{n}" for n in range(900, 1000)]
    assert runtime.requests[-1]["exclude"] == sorted(exclude)
    assert int(runtime.requests[-1]["top_n"]) < 110


def test_a_model_that_learned_every_row_is_asked_the_plain_contract(
    runtime: FakeRuntime, book: Ledger
) -> None:
    book.record(RUN, configuration={**CONFIGURATION, "refit": "true"})
    get("/customers/13085/recommendations", top_n="7")
    assert runtime.requests[-1] == {"user_id": "13085", "top_n": "7"}


def test_filtered_items_are_replaced(runtime: FakeRuntime) -> None:
    answer = get("/customers/13085/recommendations", top_n="100", exclude=["85123A,B1", "P5"])[1]
    assert len(items(answer)) == 100
    assert not {"85123A", "B1", "P5", "P1"} & set(items(answer))
    stock = ["P100", "S2", "B2", "<script>"]
    answer = get("/customers/13085/recommendations", top_n="5", in_stock=stock)[1]
    assert items(answer) == ["B2", "S2", "P100", "<script>"]


def test_a_marketplace_endpoint_gets_only_its_contracts_fields(runtime: FakeRuntime, book: Ledger) -> None:
    arn = "arn:aws:sagemaker:us-east-1:865070037744:algorithm/implicit-bpr"
    book.record(RUN, configuration={"algorithm": arn})
    get("/customers/13085/recommendations", exclude_purchased="false", exclude="X")
    assert runtime.requests[-1].keys() == {"user_id", "top_n"}


def test_a_slow_endpoint_is_not_waited_for_and_then_not_called(
    runtime: FakeRuntime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "breaker", Breaker(clock=clock.monotonic))
    runtime.dawdle = lambda: clock.take(SLOW_SECONDS)
    for _ in range(3):
        begin = clock.now
        assert get("/customers/13085/recommendations", top_n="2")[1]["source"] == "batch"
        assert clock.now - begin == pytest.approx(endpoint.TIMEOUT_SECONDS)
    asked = len(runtime.requests)
    assert get("/customers/13085/recommendations", top_n="2")[1]["source"] == "batch"
    assert len(runtime.requests) == asked, "a dead endpoint costs nothing"


def test_a_slow_table_does_not_outlast_the_budget(
    runtime: FakeRuntime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    get("/items/popular")
    monkeypatch.setattr(serving(), "get", lambda _keys: clock.take(SLOW_SECONDS))
    runtime.dawdle = lambda: clock.take(SLOW_SECONDS)
    begin = clock.now
    status, answer = get("/customers/13085/recommendations")
    assert (status, len(items(answer))) == (200, 10)
    assert 0 < clock.now - begin <= budget.SECONDS


def test_one_request_that_the_algorithm_refuses_does_not_stop_the_others(runtime: FakeRuntime) -> None:
    said: Any = {"Error": {"Code": "ModelError"}, "OriginalStatusCode": 400, "OriginalMessage": "no"}
    runtime.error = ClientError(said, "InvokeEndpoint")
    for _ in range(5):
        assert get("/customers/13085/recommendations", top_n="2")[1]["source"] == "batch"
    runtime.error = None
    assert get("/customers/13085/recommendations", top_n="2")[1]["source"] == "endpoint"


def test_customers_are_found_by_the_beginning_of_their_id(runtime: FakeRuntime) -> None:
    status, answer = get("/customers", prefix="1", limit="3")
    assert (status, answer["customers"], answer["next"]) == (200, ["13085", "13086", "17000"], "17000")
    assert get("/customers", prefix="1", limit="3", after="17000")[1]["customers"] == ["17001"]
    assert get("/customers")[1]["customers"] == CUSTOMERS
    assert get("/customers", prefix="M")[1]["customers"] == ["Müller & Söhne"]
    assert get("/customers", prefix="zzz")[1]["customers"] == []


@pytest.mark.parametrize("path", ["a%2Fb%2Bc%20d", "a/b+c d"])
def test_an_id_with_a_slash_is_one_id(runtime: FakeRuntime, path: str) -> None:
    answer = get(f"/customers/{path}/recommendations")[1]
    assert (answer["customer_id"], answer["source"]) == ("a/b+c d", "popular")


def test_a_basket_gets_what_is_similar_to_it(runtime: FakeRuntime) -> None:
    status, answer = post("/recommendations", {"items": ["P1"], "top_n": 4, "country": "France"})
    assert (status, answer["source"], answer["customer_id"]) == (200, "similar", None)
    assert items(answer) == ["S1", "S2", "P3", "P2"]
    assert answer["recommendations"][0]["why"] == "Because you chose THING P1."


def test_a_basket_is_folded_in_by_the_endpoint_first(runtime: FakeRuntime) -> None:
    runtime.known = {"P1,B1": ["P1", "F1", "85123A", "F2"]}
    body = {"items": ["P1", "B1"], "top_n": 4, "exclude": ["F1"]}
    status, answer = post("/recommendations", body)
    assert (status, answer["source"], answer["run_id"]) == (200, "endpoint", RUN)
    assert items(answer)[:3] == ["85123A", "F2", "S1"], "what was chosen is left out, and made up for"
    assert runtime.requests == [{"items": ["P1", "B1"], "exclude": ["F1"], "top_n": "4"}]


@pytest.mark.parametrize(("path", "method"), [("/recommendations", "POST"), ("/items/popular", "GET")])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    runtime: FakeRuntime, path: str, method: str
) -> None:
    status, answer, headers = call(method, path, body=json.dumps({"items": ["P1"]}) + " " * (1 << 20))
    assert (status, answer["type"]) == (413, "urn:retailrec:problem:too-large")
    assert headers["Content-Type"] == "application/problem+json"
    assert "several requests" in answer["detail"]


@pytest.mark.parametrize("path", ["/recommendations", "/invocations"])
@pytest.mark.parametrize("digits", [4_300, 4_301, 500_000])
def test_a_number_too_long_for_python_is_an_invalid_request(
    runtime: FakeRuntime, path: str, digits: int
) -> None:
    status, answer, _ = call("POST", path, body='{"items": ["P1"], "top_n": ' + "9" * digits + "}")
    assert (status, answer["type"]) == (400, "urn:retailrec:problem:invalid-request"), answer


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/recommendations", [{"items": ["P1"]}, {"items": ["B1"]}]),
        ("/recommendations", [{"items": ["P1"]}]),
        ("/invocations", [{"user_id": "13085"}]),
    ],
)
def test_a_list_of_requests_is_refused(runtime: FakeRuntime, path: str, body: list[Any]) -> None:
    status, answer = post(path, body)
    assert (status, answer["field"]) == (400, "body")
    assert runtime.requests == []


def test_the_case_of_a_media_type_is_ignored(runtime: FakeRuntime) -> None:
    for kind, expected in (("Application/JSON; Charset=UTF-8", 200), ("Text/HTML", 415)):
        status, answer, _ = call("POST", "/recommendations", body='{"items": ["P1"]}', content_type=kind)
        assert status == expected, answer


def test_a_basket_as_large_as_its_fields_allow_is_answered(runtime: FakeRuntime) -> None:
    ids = {field: [f"{n:0>256}" for n in range(1000)] for field in ("items", "exclude", "in_stock")}
    assert post("/recommendations", ids)[0] == 200


def test_a_basket_that_the_algorithm_cannot_fold_in_gets_what_is_similar(runtime: FakeRuntime) -> None:
    said: Any = {"Error": {"Code": "ModelError"}, "OriginalStatusCode": 400, "OriginalMessage": "no"}
    runtime.error = ClientError(said, "InvokeEndpoint")
    assert post("/recommendations", {"items": ["P1"], "top_n": 2})[1]["source"] == "similar"


def test_a_marketplace_endpoint_is_asked_nothing_about_baskets(runtime: FakeRuntime, book: Ledger) -> None:
    book.record(RUN, configuration={"algorithm": "arn:aws:sagemaker:us-east-1:865070037744:algorithm/x"})
    assert post("/recommendations", {"items": ["P1"], "top_n": 2})[1]["source"] == "similar"
    assert get("/items/85123A/similar")[1]["source"] == "popular"
    assert runtime.requests == []


def test_similar_items_of_an_uncounted_item_come_from_the_model(runtime: FakeRuntime) -> None:
    runtime.known = {"85123A": ["L1", "L2"], "P1": ["L1"]}
    assert get("/items/P1/similar", top_n="3")[1]["source"] == "similar"
    assert runtime.requests == [], "what was counted needs no endpoint"
    answer = get("/items/85123A/similar", top_n="3")[1]
    assert [(each["item_id"], each["source"]) for each in answer["items"]] == [
        ("L1", "endpoint"), ("L2", "endpoint"), ("P1", "popular")
    ]  # fmt: skip


def test_many_customers_get_an_answer_each(runtime: FakeRuntime) -> None:
    status, answer = post("/recommendations", {"customers": ["13085", "nobody"], "top_n": 2})
    assert status == 200
    sources = [(each["customer_id"], each["source"]) for each in answer["answers"]]
    assert sources == [("13085", "endpoint"), ("nobody", "popular")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": []}, "items"),
        ({"items": ["1"], "customers": ["1"]}, "body"),
        ({}, "body"),
        ({"items": ["1"], "top_n": 101}, "top_n"),
        ({"items": ["1"], "top_n": "5"}, "top_n"),
        ({"items": [5]}, "items.0"),
        ({"items": ["1"], "colour": "red"}, "colour"),
        ({"items": None}, "items"),
        ({"customers": None}, "customers"),
        ("[" * 100_000, "body"),
        ("{bad", "body"),
        ("[]", "body"),
    ],
)
def test_a_bad_body_names_the_field(runtime: FakeRuntime, body: Any, field: str) -> None:
    status, answer = post("/recommendations", body)
    assert (status, answer["field"]) == (400, field), answer


@pytest.mark.parametrize(
    "body",
    [
        {"items": ["P1", "B1"], "top_n": "1"},
        {"user_id": "13085", "items": ["P1"], "exclude": ["B1"]},
        {"similar_to": "P1", "exclude": ["B1"], "exclude_purchased": False},
    ],
)
def test_what_our_image_takes_beyond_the_contract_is_passed_through(
    runtime: FakeRuntime, body: dict[str, Any]
) -> None:
    assert post("/invocations", {"top_n": "1"} | body)[0] == 200
    assert runtime.requests == [{"top_n": "1"} | body]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"top_n": "1"}, "body"),
        ({"items": ["P1"], "similar_to": "P1"}, "body"),
        ({"items": "P1"}, "items"),
        ({"items": [""]}, "items.0"),
        ({"user_id": ""}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"user_id": "1", "exclude": ["X"] * 1001}, "exclude"),
    ],
)
def test_a_bad_invocation_names_the_field(runtime: FakeRuntime, body: Any, field: str) -> None:
    status, answer = post("/invocations", body)
    assert (status, answer["field"]) == (400, field), answer
    assert runtime.requests == []


def test_an_answer_in_python_notation_is_returned_as_json(runtime: FakeRuntime) -> None:
    runtime.spell = repr
    status, answer = post("/invocations", {"user_id": "13085", "top_n": "1"})
    assert (status, answer) == (200, [{"user_id": "13085", "item_id": "85123A", "score": 0.5}])
    assert get("/customers/13085/recommendations")[1]["source"] == "endpoint"


def test_an_answer_that_is_code_is_neither_run_nor_returned(runtime: FakeRuntime) -> None:
    runtime.spell = lambda _body: "[__import__('os').getcwd()]"
    status, answer = post("/invocations", {"user_id": "13085", "top_n": "1"})
    assert status == 502
    assert "neither JSON nor a Python list" in answer["detail"]
    assert get("/customers/13085/recommendations")[1]["source"] != "endpoint"


def test_the_raw_contract_is_passed_through(runtime: FakeRuntime) -> None:
    status, answer = post("/invocations", {"user_id": "13085", "top_n": "1", "exclude_purchased": False})
    assert (status, answer) == (200, [{"user_id": "13085", "item_id": "85123A", "score": 0.5}])
    assert runtime.requests == [{"user_id": "13085", "top_n": "1", "exclude_purchased": False}]
    runtime.error = ReadTimeoutError(endpoint_url="x")
    assert post("/invocations", {"user_id": "13085"})[0] == 503
