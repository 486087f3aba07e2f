"""The API's answers: from the endpoint, else the batch job, else what is popular; never a stack trace."""

import io
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ReadTimeoutError

from recommend_api import live
from recommend_api.app import handler
from retailrec_shared import aws
from retailrec_shared.ledger import Ledger
from retailrec_shared.run import Run, Upload
from retailrec_shared.serving import customer_key, item_key, popular_key, serving

RUN, NEWER = "1" * 16, "2" * 16


class FakeRuntime:
    """An endpoint that knows customer 13085, and can be made to fail."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.run = RUN
        self.known = {"13085": ["85123A", "22423"]}

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        asked = json.loads(request["Body"])
        assert isinstance(asked["top_n"], str), "the contract's values are strings"
        items = self.known.get(asked["user_id"], [])[: int(asked["top_n"])]
        body = [{"user_id": asked["user_id"], "item_id": item, "score": 0.5} for item in items]
        return {"Body": io.BytesIO(json.dumps(body).encode()), "InvokedProductionVariant": f"run-{self.run}"}


@pytest.fixture
def runtime(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    fake = FakeRuntime()
    monkeypatch.setattr(aws, "sagemaker_runtime", lambda _timeout: fake)
    live.forget()
    upload = Upload(bucket="raw", key="a.csv", etag="e", size=9, uploaded_at="2026-01-01")
    book.point("live", Run(run_id=RUN, upload=upload, configuration={}))
    line = {"timestamp": "2011-01-01T10:00:00", "invoice": "1", "item_id": "P1", "quantity": 2, "price": 2.5}
    ranking = [{"item_id": f"P{n}", "customers": 90 - n} for n in range(1, 13)]
    batch = [["B1", 0.9], ["B2", 0.8]]
    described = ("85123A", "B1", "P1", "P2")
    body = {"purchases_total": 1, "purchases": [line], "recommendations": []}
    serving().put_all(
        [
            (
                customer_key(RUN, "13085"),
                body | {"country": "France", "recommendations": batch},
            ),
            (customer_key(RUN, "17000"), body | {"country": "France"}),
            (customer_key(RUN, "17001"), body | {"country": "Norway"}),
            *((item_key(RUN, item), {"description": f"THING {item}"}) for item in described),
            (item_key(NEWER, "NEW"), {"description": "BRAND NEW"}),
            (popular_key(RUN), ranking),
            (popular_key(RUN, "France"), ranking[:11]),
        ]
    )
    return fake


def get(path: str, **query: str) -> tuple[int, Any]:
    customer = path.split("/")[2] if path.startswith("/customers/") else ""
    event = {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "pathParameters": {"customer_id": customer},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "requestContext": {"requestId": "1", "path": path, "stage": "v1", "httpMethod": "GET"},
        "body": None,
        "isBase64Encoded": False,
    }
    answer = handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


class Context(LambdaContext):
    def __init__(self) -> None:
        self._function_name = "recommend-api"
        self._memory_limit_in_mb = 128
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:recommend-api"
        self._aws_request_id = "1"


def items(answer: Any) -> list[str]:
    return [entry["item_id"] for entry in answer["recommendations"]]


def test_the_endpoint_answers_first(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/13085/recommendations", top_n="2")
    assert status == 200
    assert (answer["source"], answer["run_id"], answer["customer_id"]) == ("endpoint", RUN, "13085")
    assert answer["recommendations"][0] == {"item_id": "85123A", "description": "THING 85123A", "score": 0.5}
    assert answer["recommendations"][1]["description"] is None


def test_what_was_bought_since_the_training_is_left_out_and_made_up_for(runtime: FakeRuntime) -> None:
    runtime.known = {"13085": ["P1", "85123A", "22423"]}
    answer = get("/customers/13085/recommendations", top_n="2")[1]
    assert items(answer) == ["85123A", "22423"], "P1 is among the customer's purchases"


@pytest.mark.parametrize("body", [b"", b"not json", b"{}", b'[{"item": 1}]', b"null"])
def test_the_batch_result_answers_when_the_endpoint_talks_nonsense(
    runtime: FakeRuntime, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "invoke_endpoint", lambda **_request: {"Body": io.BytesIO(body)})
    status, answer = get("/customers/13085/recommendations")
    assert (status, answer["source"], items(answer)) == (200, "batch", ["B1", "B2"])


def test_the_batch_result_answers_when_the_endpoint_is_slow(runtime: FakeRuntime) -> None:
    runtime.error = ReadTimeoutError(endpoint_url="x")
    assert get("/customers/13085/recommendations", top_n="1")[1]["source"] == "batch"


def test_popular_items_of_the_country_answer_without_what_was_bought(runtime: FakeRuntime) -> None:
    status, answer = get("/customers/17000/recommendations")
    assert (status, answer["source"]) == (200, "popular_in_country")
    assert items(answer) == [f"P{n}" for n in range(2, 12)]


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
    answer = get("/customers/13085/recommendations")[1]
    assert answer["run_id"] == NEWER
    assert [entry["description"] for entry in answer["recommendations"]] == ["BRAND NEW", "THING 85123A"]


def test_a_hundred_items_of_a_run_that_is_about_to_be_live_are_described(runtime: FakeRuntime) -> None:
    runtime.run, runtime.known = NEWER, {"13085": [f"N{n}" for n in range(100)]}
    status, answer = get("/customers/13085/recommendations", top_n="100")
    assert (status, len(items(answer))) == (200, 100)


def test_ids_are_taken_as_they_are_meant(runtime: FakeRuntime) -> None:
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
    live.forget()
    status, answer = get("/customers/13085/recommendations")
    assert status == 503
    assert "drop a file" in answer["detail"]


def test_an_unknown_path_is_a_problem_too(cloud: None) -> None:
    assert get("/nowhere")[0] == 404


def test_a_fault_of_ours_shows_no_trace(runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(_keys: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(serving(), "get", explode)
    status, answer = get("/customers/13085/purchases")
    assert status == 500
    assert "secret" not in json.dumps(answer)
