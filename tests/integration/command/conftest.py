"""A stack called "shop": its buckets and ledger in moto, its CloudFormation and API on a loopback server."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from retailrec.cli.verbs import app
from retailrec.client import laptop
from retailrec.client.stack import Stack
from retailrec_shared.ledger.ledger import Ledger
from tests.environment import ENVIRONMENT
from tests.integration.command.fake_pipeline import FakePipeline
from tests.integration.command.fake_server import FakeServer, serve
from tests.moto_cloud import create_buckets, create_table, moto_cloud

PARAMETERS = {"AlgorithmImageUri": ENVIRONMENT["ALGORITHM_IMAGE_URI"], "AlgorithmArn": "", "TopN": "10"}
Invoke = Callable[..., Result]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    with serve() as fake:
        outputs = {
            "ApiUrl": f"{fake.url}/v1", "RawBucket": "raw", "DataBucket": "data", "LedgerTable": "ledger",
            "ServingTable": "serving", "EventBus": "bus", "EndpointName": "shop-endpoint",
        }  # fmt: skip
        fake.stacks["shop"] = (outputs, PARAMETERS)
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", fake.url)
        yield fake


@pytest.fixture
def stack(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "RETAILREC_STACK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(laptop, "running", lambda: None)
    with moto_cloud() as tables:
        create_buckets()
        create_table(tables, "ledger", "LedgerTable")
        yield server


@pytest.fixture
def pipeline(stack: FakeServer, monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline(Ledger("ledger", boto3.client("dynamodb")))
    monkeypatch.setattr(Stack, "pause", fake.pause)
    return fake


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text("Invoice,StockCode\n536365,85123A\n")
    return path


@pytest.fixture
def retailrec() -> Invoke:
    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


def words(text: str) -> str:
    """Return text as one line, however it was wrapped."""
    return " ".join(text.split())


def answer_as_shop(run_id: str) -> Callable[[str, str, Mapping[str, str]], tuple[int, dict[str, Any]]]:
    """Answer as the API of a shop that knows every customer but 17519."""

    def answer(what: str, customer: str, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        known = customer != "17519"
        head = {"customer_id": customer, "run_id": run_id}
        if what == "recommendations":
            source = "endpoint" if known else "popular"
            items = [
                {"item_id": f"8512{i}A", "description": f"HEART {i}", "score": 1 / (i + 2), "source": source}
                for i in range(int(query["top_n"]))
            ]
            return 200, head | {"source": source, "recommendations": items}
        if not known:
            return 404, {"detail": f"Customer {customer} has no purchases in run {run_id}."}
        line = {"timestamp": "2011-11-30T12:05:00", "invoice": "536365", "item_id": "85123A",
                "description": "HEART", "quantity": 6, "price": 2.55}  # fmt: skip
        return 200, head | {"country": "France", "total": 84, "purchases": [line] * int(query["limit"])}

    return answer
