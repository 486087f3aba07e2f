"""The tables in memory, which most tests use, answer all that the functions ask as moto does."""

from collections.abc import Iterator

import pytest

from retailrec_shared.ledger import Ledger
from retailrec_shared.observability import metrics
from tests import tables
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.conftest import whole_cloud
from tests.integration.pipeline.working_shop import Shop, work


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[tables.Tables]:
    """The cloud of the other tests, with moto's tables beside those in memory."""
    monkeypatch.setenv("RETAILREC_TABLES", "moto")
    with whole_cloud(monkeypatch) as held:
        yield held


def test_a_shops_whole_story_is_told_as_over_motos_tables(
    cloud: tables.Tables, book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    work(Shop(book, sagemaker, bus))
    metrics.provider.clear_metrics()
    assert cloud.compared > 200


def test_an_answer_that_moto_would_not_give_is_an_error(cloud: tables.Tables) -> None:
    cloud.compare({"Item": {"pk": {"S": "a"}}}, {"Item": {"pk": {"S": "a"}}, "ResponseMetadata": {}})
    with pytest.raises(AssertionError):
        cloud.compare({}, {"Item": {"pk": {"S": "a"}}})
