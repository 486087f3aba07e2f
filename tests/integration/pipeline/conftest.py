"""A pipeline over moto's S3 and DynamoDB, with SageMaker and EventBridge faked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo

import pytest

from approve_model import approval
from recommend_api import budget
from recommend_api.budget import Budget
from reconcile_runs import reconciling
from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.ledger import attempts, failure, run_parts
from retailrec_shared.ledger.datasets import datasets
from retailrec_shared.ledger.ledger import Ledger, ledger
from retailrec_shared.serving.table import serving
from tests.environment import ENVIRONMENT
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.api import api_client
from tests.integration.pipeline.stack import Stack
from tests.moto_cloud import create_buckets, create_table, moto_cloud
from tests.policies.calls import Checked
from tests.tables import Tables

CACHES = (settings, ledger, datasets, serving, aws.s3, aws.dynamodb)


@contextmanager
def whole_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """The stack's buckets and tables, as the template defines them, and the functions' environment."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    for cached in CACHES:
        cached.cache_clear()
    with moto_cloud() as tables:
        create_buckets()
        create_table(tables, "ledger", "LedgerTable")
        create_table(tables, "serving", "ServingTable")
        yield tables
    for cached in CACHES:
        cached.cache_clear()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with whole_cloud(monkeypatch):
        yield


@pytest.fixture
def sagemaker(cloud: None, monkeypatch: pytest.MonkeyPatch) -> FakeSageMaker:
    fake = FakeSageMaker()
    monkeypatch.setattr(aws, "sagemaker", lambda: Checked("sagemaker", fake))
    return fake


@pytest.fixture
def bus(cloud: None, monkeypatch: pytest.MonkeyPatch) -> FakeEventBridge:
    fake = FakeEventBridge()
    monkeypatch.setattr(aws, "eventbridge", lambda: Checked("events", fake))
    return fake


@pytest.fixture
def book(cloud: None) -> Ledger:
    return ledger()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the API wait for whatever it asks: a busy machine must not make a table slow."""
    monkeypatch.setattr(Budget, "wait", lambda _self, call, _at_most: call())


@pytest.fixture
def stack(book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    made = Stack(book, bus, monkeypatch)
    yield made
    made.close()
    settings.cache_clear()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the functions' clock forward by so much."""
    modules = (approval, attempts, failure, reconciling, run_parts)
    ahead = timedelta()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    def set_forward(**by: float) -> None:
        nonlocal ahead
        ahead += timedelta(**by)
        for module in modules:
            monkeypatch.setattr(module, "datetime", Clock)

    return set_forward


@pytest.fixture
def clock(unhurried: None, monkeypatch: pytest.MonkeyPatch) -> api_client.Clock:
    """The clock of the API's budget: it stands still unless a test says what takes time."""
    made = api_client.Clock()

    def wait(asked: Budget, call: Callable[[], object], at_most: float) -> object:
        return made.wait(asked, call, at_most)

    monkeypatch.setattr(budget, "time", made)
    monkeypatch.setattr(Budget, "wait", wait)
    return made


@pytest.fixture
def runtime(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> api_client.FakeRuntime:
    """The API's endpoint, over the tables of a small live run."""
    fake = api_client.FakeRuntime()
    monkeypatch.setattr(aws, "sagemaker_runtime", lambda _timeout: Checked("sagemaker-runtime", fake))
    api_client.clear_cache()
    api_client.fill(book)
    return fake
