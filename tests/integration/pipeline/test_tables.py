"""The tables in memory, which most tests use, answer all that the functions ask as moto does."""

from collections.abc import Iterator

import pytest

from retailrec_shared.core.observability import metrics
from retailrec_shared.ledger.ledger import Ledger
from tests import tables
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.conftest import whole_cloud
from tests.integration.pipeline.working_shop import GOOD, MEASURED, Shop, work


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[tables.Tables]:
    """The cloud of the other tests, with moto's tables in addition to those in memory."""
    monkeypatch.setenv("RETAILREC_TABLES", "moto")
    with whole_cloud(monkeypatch) as held:
        yield held


@pytest.fixture
def shop(
    cloud: tables.Tables, book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> Iterator[Shop]:
    yield Shop(book, sagemaker, bus)
    metrics.provider.clear_metrics()


@pytest.mark.slow
def test_a_run_goes_live_as_over_motos_tables(cloud: tables.Tables, shop: Shop) -> None:
    run = shop.drop("sales.csv", GOOD[:9])
    shop.train(run, MEASURED)
    shop.serve(run)
    shop.drop("append/day.csv", GOOD[5:15])
    shop.reconcile()
    assert cloud.compared > 50


@pytest.mark.slow
def test_whatever_may_happen_is_recorded_as_over_motos_tables(cloud: tables.Tables, shop: Shop) -> None:
    work(shop)
    assert cloud.compared > 150


def test_an_answer_that_moto_would_not_give_is_an_error(cloud: tables.Tables) -> None:
    cloud.compare({"Item": {"pk": {"S": "a"}}}, {"Item": {"pk": {"S": "a"}}, "ResponseMetadata": {}})
    with pytest.raises(AssertionError):
        cloud.compare({}, {"Item": {"pk": {"S": "a"}}})
