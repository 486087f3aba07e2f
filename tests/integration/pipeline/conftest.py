"""A pipeline over moto's S3 and DynamoDB, with SageMaker and EventBridge faked."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from recommend_api import budget
from recommend_api.budget import Budget
from retailrec_shared import aws
from retailrec_shared.datasets import datasets
from retailrec_shared.ledger import Ledger, ledger
from retailrec_shared.serving import serving
from retailrec_shared.settings import settings
from tests.environment import ENVIRONMENT, read_template
from tests.integration.pipeline import api_client
from tests.integration.pipeline.fakes import FakeEventBridge, FakeSageMaker

CACHES = (settings, ledger, datasets, serving, aws.s3, aws.dynamodb)


def _table(name: str, logical_id: str) -> None:
    properties = read_template()["Resources"][logical_id]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    boto3.client("dynamodb").create_table(
        TableName=name, **{field: properties[field] for field in wanted if field in properties}
    )


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stack's buckets and tables, as the template defines them, and the functions' environment."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    for cached in CACHES:
        cached.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3")
        for bucket in ("raw", "data"):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
        _table("ledger", "LedgerTable")
        _table("serving", "ServingTable")
        yield
    for cached in CACHES:
        cached.cache_clear()


@pytest.fixture
def sagemaker(cloud: None, monkeypatch: pytest.MonkeyPatch) -> FakeSageMaker:
    fake = FakeSageMaker()
    monkeypatch.setattr(aws, "sagemaker", lambda: fake)
    return fake


@pytest.fixture
def bus(cloud: None, monkeypatch: pytest.MonkeyPatch) -> FakeEventBridge:
    fake = FakeEventBridge()
    monkeypatch.setattr(aws, "eventbridge", lambda: fake)
    return fake


@pytest.fixture
def book(cloud: None) -> Ledger:
    return ledger()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the API wait for whatever it asks: a busy machine must not make a table slow."""
    monkeypatch.setattr(Budget, "wait", lambda _self, call, _at_most: call())


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
    monkeypatch.setattr(aws, "sagemaker_runtime", lambda _timeout: fake)
    api_client.forget()
    api_client.fill(book)
    return fake
