"""The API as its callers see it, over moto's tables and an endpoint that can be made to fail."""

import io
import json
from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from recommend_api import endpoint, live, table
from recommend_api.app import handler
from recommend_api.breaker import Breaker
from recommend_api.budget import Budget, TooSlow
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from retailrec_shared.serving.keys import (
    customer_key,
    customers_key,
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)
from retailrec_shared.serving.table import serving
from tests.environment import CONFIGURATION

RUN, NEWER = "1" * 16, "2" * 16
CUSTOMERS = ["13085", "13086", "17000", "17001", "Müller & Söhne", "a/b+c d"]

T = TypeVar("T")


class Clock:
    """Seconds that pass only when something takes them; stands for the module ``time``, and for waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def take(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, budget: Budget, call: Callable[[], T], at_most: float) -> T:
        """Do what ``Budget.wait`` does, by this clock."""
        seconds, begin = min(at_most, budget.left), self.now
        if seconds <= 0:
            raise TooSlow
        try:
            return call()
        finally:
            if self.now - begin > seconds:
                self.now = begin + seconds
                raise TooSlow


class FakeRuntime:
    """An endpoint that knows customer 13085, and can be made to fail, to refuse, or to dawdle.

    What it answers to a basket is known by the basket's ids, joined by commas.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.dawdle: Callable[[], None] = lambda: None
        self.run = RUN
        self.known = {"13085": ["85123A", "22423"]}
        self.requests: list[dict[str, Any]] = []
        self.spell: Callable[[Any], str] = json.dumps

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        asked = json.loads(request["Body"])
        self.requests.append(asked)
        self.dawdle()
        if self.error:
            raise self.error
        assert isinstance(asked["top_n"], str), "the contract's values are strings"
        user = asked.get("user_id")
        known = self.known.get(user or ",".join(asked.get("items", [asked.get("similar_to")])), [])
        items = [item for item in known if item not in asked.get("exclude", [])][: int(asked["top_n"])]
        body = [{"user_id": user, "item_id": item, "score": 0.5} for item in items]
        return {"Body": io.BytesIO(self.spell(body).encode()), "InvokedProductionVariant": f"run-{self.run}"}


class Context(LambdaContext):
    def __init__(self) -> None:
        self._function_name = "recommend-api"
        self._memory_limit_in_mb = 128
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:recommend-api"
        self._aws_request_id = "1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return as much time as the longest function has."""
        return 900_000


def clear_cache() -> None:
    """Make the function a fresh container."""
    live.clear_cache()
    table.clear_cache()
    endpoint.breaker = Breaker()


def fill(book: Ledger) -> None:
    """Publish a small shop's run, and make it live."""
    upload = Upload(bucket="raw", key="a.csv", etag="e", size=9, uploaded_at="2026-01-01")
    run = Run(
        run_id=RUN,
        upload=upload,
        configuration=CONFIGURATION,
        metrics={"p@k(10)": 0.2},
        status=RunStatus.APPROVED,
    )
    book.open_run(run)
    book.go_live(run.run_id)
    line = {"timestamp": "2011-01-01T10:00:00", "invoice": "1", "item_id": "P1", "quantity": 2, "price": 2.5}
    ranking = [{"item_id": f"P{n}", "customers": 190 - n} for n in range(1, 121)]
    body = {"purchases_total": 1, "purchases": [line], "bought": ["P1"], "recommendations": []}
    in_france = body | {"country": "France"}
    counts = {"customers": 7, "quantity": 9.0}
    described = ("85123A", "B1", "P1", "P2", "S1", "<script>")
    serving().put_all((item_key(RUN, i), {"description": f"THING {i}", **counts}) for i in described)
    serving().put_all(
        [
            (customer_key(RUN, "13085"), in_france | {"recommendations": [["B1", 0.9], ["B2", 0.8]]}),
            (customer_key(RUN, "13086"), in_france | {"bought": ["P1", "S1", "P3"]}),
            (customer_key(RUN, "17000"), in_france | {"purchases": []}),
            (customer_key(RUN, "17001"), body | {"country": "Norway", "purchases": []}),
            (item_key(NEWER, "NEW"), {"description": "BRAND NEW"}),
            (similar_key(RUN, "P1"), [["S1", 0.9], ["S2", 0.8], ["P3", 0.7]]),
            (popular_key(RUN), ranking),
            (popular_rest_key(RUN), [[f"R{n}", 30 - n] for n in range(1, 11)]),
            (popular_key(RUN, "France"), ranking[:11]),
            (popular_since_key(RUN), {"2011-10": [["P9", 5]], "2011-12": [["P8", 2], ["P9", 1]]}),
            (popular_since_key(RUN, "France"), {"2011-11": [["P7", 1]]}),
            (customers_key(RUN), {"total": 6, "first": [CUSTOMERS[0], CUSTOMERS[4]]}),
            (customers_key(RUN, 0), CUSTOMERS[:4]),
            (customers_key(RUN, 1), CUSTOMERS[4:]),
        ]
    )


def call(
    method: str,
    path: str,
    query: dict[str, list[str]] | None = None,
    body: str | None = None,
    content_type: str = "application/json",
) -> tuple[int, Any, dict[str, str]]:
    """Call the handler as API Gateway does; return status, body and headers."""
    headers = {"Content-Type": content_type} if body is not None else {}
    return answer_to(
        {
            "resource": path,
            "path": path,
            "httpMethod": method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "pathParameters": None,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
            "multiValueQueryStringParameters": query or None,
            "requestContext": {"requestId": "1", "path": path, "stage": "v1", "httpMethod": method},
            "body": body,
            "isBase64Encoded": False,
        }
    )


def answer_to(event: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
    """Hand an event to the handler."""
    answer = handler(event, Context())
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


def get(path: str, **query: str | list[str]) -> tuple[int, Any]:
    """GET; each parameter is one value or several."""
    lists = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
    return call("GET", path, lists)[:2]


def post(path: str, body: object) -> tuple[int, Any]:
    """POST JSON; a text is sent as it is."""
    return call("POST", path, None, body if isinstance(body, str) else json.dumps(body))[:2]


def items(answer: Any) -> list[str]:
    return [entry["item_id"] for entry in answer.get("recommendations") or answer["items"]]
