"""What the functions count, read from what they print: the dashboard and the alarms show nothing else."""

import json
from collections.abc import Callable, Iterator

import boto3
import pytest

from approve_model import app as approving
from recommend_api import table
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core import aws
from retailrec_shared.core.observability import metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.ledger import Ledger
from tests.dashboard import STACK, Shown, shown
from tests.environment import read_template
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.api.api_client import Context, FakeRuntime, clear_cache, get
from tests.integration.pipeline.test_tuning import tuning
from tests.integration.pipeline.working_shop import BAD, GOOD, MEASURED, WORSE, Shop, work


@pytest.fixture
def shop(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    metrics.provider.clear_metrics()  # of tests that called no handler
    monkeypatch.setattr(metrics.provider, "service", STACK)  # as POWERTOOLS_SERVICE_NAME has it on AWS
    yield Shop(book, sagemaker, bus)
    metrics.provider.clear_metrics()


Counted = dict[Shown, list[float]]


@pytest.fixture
def counted(capsys: pytest.CaptureFixture[str]) -> Callable[[], Counted]:
    """Read the embedded metrics out of what was printed since the last time, as CloudWatch does."""

    def read() -> Counted:
        found: Counted = {}
        for line in capsys.readouterr().out.splitlines():
            document = json.loads(line) if line.startswith("{") else {}
            for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
                for under in directive["Dimensions"]:
                    pairs = frozenset((name, str(document[name])) for name in under)
                    for metric in directive["Metrics"]:
                        key = Shown(directive["Namespace"], metric["Name"], pairs)
                        found.setdefault(key, []).extend(document[metric["Name"]])
        return found

    return read


def value(found: Counted, name: str) -> float:
    return sum(found.get(Shown("retailrec", name, frozenset({("service", STACK)})), []))


def test_rows_are_counted_by_what_became_of_them(shop: Shop, counted: Callable[[], Counted]) -> None:
    shop.drop("sales.csv", [*GOOD, *BAD.values()])
    found = counted()
    assert value(found, "RowsRead") == 60 + len(BAD)
    assert value(found, "RowsKept") == 60
    assert value(found, "RowsRejected") == len(BAD)
    assert {reason: value(found, f"RowsRejected_{reason}") for reason in RejectReason} == dict.fromkeys(
        BAD, 1
    )
    assert value(found, "Runs_preparing") == value(found, "Runs_prepared") == 1
    shop.drop("sales.csv", [*GOOD, *BAD.values()])
    assert not value(counted(), "RowsRead"), "the same bytes once more"


def test_of_an_increment_the_rows_are_counted_that_it_brought(
    shop: Shop, counted: Callable[[], Counted]
) -> None:
    shop.drop("sales.csv", GOOD[:40])
    counted()
    shop.drop("append/day.csv", [*GOOD[35:50], BAD[RejectReason.CANCELLATION]])
    found = counted()
    counts = [value(found, f"Rows{name}") for name in ("Read", "Kept", "Rejected", "Repeated")]
    assert counts == [16, 10, 1, 5]


def test_a_model_is_counted_with_popularity_and_its_price(shop: Shop, counted: Callable[[], Counted]) -> None:
    run = shop.drop("sales.csv", GOOD)
    shop.train(run, MEASURED)
    shop.train(run, MEASURED)  # delivered twice
    found = counted()
    assert value(found, "PrecisionAt10") == 0.3
    assert value(found, "PrecisionAt10Popularity") == 0.1
    assert value(found, "PopularityLift") == pytest.approx(3.0)
    assert value(found, "NdcgAt20") == 0.4
    assert value(found, "TrainingSeconds") == 120, "spot instances are paid for less than their time"
    assert value(found, "Runs_approved") == 1
    shop.serve(run)
    found = counted()
    assert value(found, "TransformSeconds") == 90
    assert value(found, "RecommendationsPublished") == 1
    assert value(found, "Runs_live") == 1
    shop.reconcile()
    assert value(counted(), "EndpointInstances") == 2


def test_of_a_search_every_jobs_seconds_are_counted(
    book: Ledger, sagemaker: FakeSageMaker, shop: Shop, counted: Callable[[], Counted]
) -> None:
    run = tuning(book, 1)
    sagemaker.end_tuning(f"tuning-{run.run_id}", MEASURED | {"ndcg@20_new_items": 0.1})
    sagemaker.tuning_jobs[f"tuning-{run.run_id}"]["ConsumedResources"] = {"RuntimeInSeconds": 900}
    event = {"detail": {"HyperParameterTuningJobName": f"tuning-{run.run_id}"}}
    approving.handler(event, Context())
    assert value(counted(), "TrainingSeconds") == 900


def test_what_ends_badly_is_counted_by_how(shop: Shop, counted: Callable[[], Counted]) -> None:
    shop.drop("refused.csv", ["1,2,3"])
    shop.train(shop.drop("bad.csv", GOOD), WORSE)
    shop.train(shop.drop("broken.csv", GOOD[:-1]), {}, status="Failed")
    found = counted()
    assert [value(found, f"Runs_{end}") for end in ("rejected", "model_rejected", "failed")] == [1, 1, 1]
    assert value(found, "TrainingSeconds") == 240, "both trainings are paid for"


def test_everything_that_the_dashboard_and_the_alarms_show_is_emitted(
    runtime: FakeRuntime, shop: Shop, counted: Callable[[], Counted], monkeypatch: pytest.MonkeyPatch
) -> None:
    _ask(runtime, monkeypatch)
    work(shop)
    monkeypatch.setenv("TRAIN_ON_APPEND", "false")
    settings.cache_clear()
    shop.drop("append/monday.csv", [GOOD[0].replace("536000", "C1", 1), GOOD[1].replace("536001", "600000")])
    found = counted()
    wanted = {each for each in shown() if each.namespace == "retailrec"} | set(_alarmed())
    assert wanted - set(found) == set()


def _ask(runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the API until each source has answered, and until it has failed for once."""
    clear_cache()
    get("/customers/13085/recommendations")
    runtime.known = {}
    clear_cache()
    for customer in ("13085", "13086", "17000", "99999"):
        get(f"/customers/{customer}/recommendations")

    def broken(*_: object) -> None:
        raise LookupError("spilled")

    monkeypatch.setattr(table, "read_cached", broken)
    monkeypatch.setattr(aws, "sagemaker_runtime", broken)
    clear_cache()
    get("/customers/13085/recommendations")


def _alarmed() -> Iterator[Shown]:
    for resource in read_template()["Resources"].values():
        alarm = resource["Properties"] if resource["Type"] == "AWS::CloudWatch::Alarm" else {}
        if alarm.get("Namespace") == "retailrec":
            dimensions = {(each["Name"], STACK) for each in alarm["Dimensions"]}
            yield Shown("retailrec", alarm["MetricName"], frozenset(dimensions))


def test_only_the_call_that_moved_a_run_counts_it(book: Ledger, shop: Shop) -> None:
    counted: list[RunStatus] = []
    ledger = Ledger("ledger", boto3.client("dynamodb"), counted.append)
    run = shop.drop("sales.csv", GOOD)
    assert ledger.move(run.run_id, RunStatus.TRAINING) is not None
    assert ledger.move(run.run_id, RunStatus.TRAINING) is None
    assert book.move(run.run_id, RunStatus.APPROVED) is not None
    assert counted == [RunStatus.TRAINING]
