"""The stand-ins behind the handler while it is measured: a runtime client, a table in memory, a ledger."""

import io
import json
import os
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from threading import local
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import quote

from aws_lambda_powertools.utilities.typing import LambdaContext

from benchmarks.serving.shop import RUN, Shop
from retailrec_shared.core import aws
from retailrec_shared.core.observability import logger
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload

SETTINGS = {
    "STACK_NAME": "bench",
    "RAW_BUCKET": "raw",
    "DATA_BUCKET": "data",
    "LEDGER_TABLE": "ledger",
    "SERVING_TABLE": "serving",
    "EVENT_BUS": "bench",
    "ALGORITHM_IMAGE_URI": "image",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",  # Lambda sets it for its functions
}
PATIENCE_SECONDS = 60.0

T = TypeVar("T")


class Runtime:
    """Stands for SageMaker's runtime client: calls the serving program, and adds up what that takes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._here = local()
        self.seconds = 0.0
        self.broken = False

    def invoke_endpoint(self, **asked: Any) -> dict[str, Any]:
        """Post the request to the serving program."""
        if self.broken:
            raise ConnectionError("there is no endpoint")
        if not hasattr(self._here, "connection"):
            self._here.connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        begin = perf_counter()
        self._here.connection.request(
            "POST", "/invocations", asked["Body"], {"Content-Type": "application/json"}
        )
        body = self._here.connection.getresponse().read()
        self.seconds += perf_counter() - begin
        return {"Body": io.BytesIO(body), "InvokedProductionVariant": f"run-{RUN}"}


class MemoryTable:
    """Stands for the serving table; bodies are read from JSON as DynamoDB's are."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self.reads = 0
        self.without_batch = False
        self.without_similar = False

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """Read some bodies."""
        self.reads += 1
        found = {key: json.loads(self._texts[key]) for key in keys if key in self._texts}
        if self.without_similar:
            found = {key: body for key, body in found.items() if "#similar#" not in key}
        if self.without_batch:
            for key, body in found.items():
                if "#customer#" in key:
                    body["recommendations"] = []
        return found


class MemoryLedger:
    """Stands for the ledger: one run, which is live."""

    def pointer(self, _name: str) -> str:
        """Name the live run."""
        return RUN

    def get(self, run_id: str) -> Run:
        """Return it."""
        upload = Upload(bucket="raw", key="shop.csv", etag="e", size=1, uploaded_at="2026-01-01T00:00:00Z")
        configuration = {"algorithm": "image", "refit": "true"}
        return Run(run_id=run_id, upload=upload, configuration=configuration, status=RunStatus.LIVE)


class Context(LambdaContext):
    """A context such as Lambda gives."""

    def __init__(self) -> None:
        self._function_name = "bench-recommend-api"
        self._memory_limit_in_mb = 1024
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:bench-recommend-api"
        self._aws_request_id = "00000000-0000-0000-0000-000000000000"


def stand_in(shop: Shop) -> tuple[Runtime, MemoryTable]:
    """Put the stand-ins behind the handler."""
    os.environ.update(SETTINGS)
    from recommend_api import budget, live, table

    def wait(_budget: budget.Budget, call: Callable[[], T], _at_most: float) -> T:
        """Wait as long as it takes: a machine that stalls for a moment makes an answer slow, not another."""
        return budget._pool().submit(call).result(PATIENCE_SECONDS)

    runtime, memory = Runtime(shop.port), MemoryTable(shop.entries)
    ledger = MemoryLedger()
    for module, name, instead in (
        (aws, "sagemaker_runtime", lambda _timeout: runtime),
        (table, "serving", lambda: memory),
        (live, "ledger", lambda: ledger),
        (budget.Budget, "wait", wait),
    ):
        setattr(module, name, instead)
    logger.setLevel("ERROR")  # that there is no endpoint is meant
    return runtime, memory


def request(customer: str) -> dict[str, Any]:
    """Build API Gateway's event for ten recommendations."""
    path = f"/customers/{quote(customer, safe='')}/recommendations"
    return {
        "resource": "/customers/{customer_id}/recommendations",
        "path": path,
        "httpMethod": "GET",
        "headers": {"Accept": "application/json"},
        "multiValueHeaders": {"Accept": ["application/json"]},
        "pathParameters": {"customer_id": customer},
        "queryStringParameters": {"top_n": "10"},
        "multiValueQueryStringParameters": {"top_n": ["10"]},
        "requestContext": {"requestId": "1", "path": f"/v1{path}", "stage": "v1", "httpMethod": "GET"},
        "body": None,
        "isBase64Encoded": False,
    }
