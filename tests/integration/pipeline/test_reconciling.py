"""The reconciler brings forward every run whose event never came, and cleans up after those that ended."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from prepare_dataset.upload import prepare_upload
from reconcile_runs import reconciling
from reconcile_runs.reconciling import reconcile
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.core.timing import ADOPTED_WITHIN, MAX_STEP_GAP, RECONCILED_EVERY
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
from tests.fakes import FakeEventBridge, FakeSageMaker

pytestmark = pytest.mark.usefixtures("sagemaker")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reconciler live twenty minutes from now."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(minutes=20)

    monkeypatch.setattr(reconciling, "datetime", Later)


def opened(
    book: Ledger, number: int, *statuses: RunStatus, key: str = "a.csv", version: str | None = None
) -> Run:
    upload = Upload(
        bucket="raw",
        key="a.csv",
        etag=f"e{number}",
        size=9,
        uploaded_at=f"2026-01-0{number}",
        version_id=version,
    )
    run = Run(run_id=f"{number:016x}", upload=upload, configuration=CONFIGURATION)
    book.open_run(run)
    for status in statuses:
        book.move(run.run_id, status)
    return run


def status(book: Ledger, run: Run) -> RunStatus:
    found = book.get(run.run_id)
    assert found is not None
    return found.status


def test_runs_that_move_are_left_alone(book: Ledger, bus: FakeEventBridge) -> None:
    opened(book, 1)
    opened(book, 2, RunStatus.PREPARED)
    reconcile()
    assert bus.entries == []


@pytest.mark.usefixtures("later")
def test_each_standstill_gets_its_event(book: Ledger, bus: FakeEventBridge) -> None:
    run = opened(book, 1, RunStatus.PREPARED)
    book.record(run.run_id, counts={"interactions": 9, "customers": 2, "items": 3})
    opened(book, 2, RunStatus.PREPARED, RunStatus.TRAINING)
    reconcile()
    assert bus.published("DatasetPrepared")[0]["run_id"] == run.run_id
    assert bus.published("SageMaker Training Job State Change") == [
        {"TrainingJobName": f"retailrec-{2:016x}"}
    ]


@pytest.mark.usefixtures("later")
def test_a_lost_prepare_is_repeated_with_the_very_version(book: Ledger, bus: FakeEventBridge) -> None:
    run = opened(book, 1, version="v1")
    reconcile()
    (detail,) = bus.published("Object Created")
    assert detail["object"]["version-id"] == "v1"
    assert detail["run-id"] == run.run_id


def test_a_run_whose_object_is_gone_fails_and_says_so(book: Ledger, bus: FakeEventBridge) -> None:
    run = opened(book, 1)
    prepare_upload("raw", "a.csv", None, "", run.run_id)
    found = book.get(run.run_id)
    assert found is not None
    assert (found.status, found.outcome.reason) == (
        RunStatus.FAILED,
        "The file was deleted before it could be prepared.",
    )


@pytest.mark.usefixtures("later")
def test_an_upload_that_no_run_knows_is_taken_up(book: Ledger, bus: FakeEventBridge) -> None:
    boto3.client("s3").put_object(Bucket="raw", Key="lost + found.csv", Body=b"x")
    boto3.client("s3").put_object(Bucket="raw", Key="lost + found.csv.mapping.json", Body=b"{}")
    reconcile()
    (detail,) = bus.published("Object Created")
    assert detail["object"]["key"] == "lost + found.csv"


@pytest.mark.parametrize("first_look", [timedelta(0), timedelta(minutes=2), MAX_STEP_GAP])
def test_an_upload_without_an_event_is_taken_up_as_early_as_a_drop_waits_for(
    book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch, first_look: timedelta
) -> None:
    boto3.client("s3").put_object(Bucket="raw", Key="first.csv", Body=b"x")
    uploaded = boto3.client("s3").head_object(Bucket="raw", Key="first.csv")["LastModified"]
    looked = first_look
    while not bus.published("Object Created") and looked < 4 * ADOPTED_WITHIN:
        moment = uploaded + looked
        monkeypatch.setattr(
            reconciling, "datetime", type("At", (datetime,), {"now": lambda _=None, moment=moment: moment})
        )
        reconcile()
        looked += RECONCILED_EVERY
    assert looked - RECONCILED_EVERY <= ADOPTED_WITHIN


@pytest.mark.usefixtures("later")
def test_an_end_that_was_not_announced_is_announced(book: Ledger, bus: FakeEventBridge) -> None:
    run = opened(book, 1)
    book.move(run.run_id, RunStatus.FAILED, reason="why", next_step="what", failed_stage="train")
    reconcile()
    reconcile()
    assert [event["stage"] for event in bus.published("RunFailed")] == ["train"]


def test_a_run_that_has_all_it_needs_goes_live(book: Ledger, bus: FakeEventBridge) -> None:
    ways = (RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED)
    old, new = opened(book, 1, *ways), opened(book, 2, *ways)
    book.go_live(old.run_id)
    for stage in (Stage.PUBLISH, Stage.DEPLOY):
        book.end_stage(new.run_id, stage)  # and here the function died
    reconcile()
    assert (status(book, old), status(book, new)) == (RunStatus.SUPERSEDED, RunStatus.LIVE)
    assert bus.published("EndpointLive")[0]["run_id"] == new.run_id


def test_one_part_that_fails_keeps_no_other_from_its_work(
    book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_anything: object) -> None:
        raise TimeoutError("the raw bucket does not answer")

    monkeypatch.setattr(reconciling, "_versions", refuse)
    run = opened(book, 1, RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED)
    book.go_live(run.run_id)
    with pytest.raises(ExceptionGroup):
        reconcile()
    assert bus.published("SageMaker Endpoint State Change")


@pytest.mark.usefixtures("later")
def test_a_version_that_was_overwritten_is_an_upload_like_any_other(
    book: Ledger, bus: FakeEventBridge
) -> None:
    s3 = boto3.client("s3")
    for body in (b"first", b"second"):
        s3.put_object(Bucket="raw", Key="a.csv", Body=body)
    reconcile()
    assert len({detail["object"]["version-id"] for detail in bus.published("Object Created")}) == 2


@pytest.mark.usefixtures("later")
def test_what_somebody_deleted_is_not_taken_up(book: Ledger, bus: FakeEventBridge) -> None:
    s3 = boto3.client("s3")
    s3.put_object(Bucket="raw", Key="a.csv", Body=b"by mistake")
    s3.delete_object(Bucket="raw", Key="a.csv")
    reconcile()
    assert bus.entries == []


def test_a_live_run_whose_endpoint_failed_is_brought_back(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker
) -> None:
    run = opened(book, 1, RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED)
    book.go_live(run.run_id)
    sagemaker.endpoint = {"EndpointStatus": "Failed", "EndpointConfigName": f"retailrec-{run.run_id}"}
    reconcile()
    assert bus.published("SageMaker Endpoint State Change")


def test_overtaken_runs_end(book: Ledger, bus: FakeEventBridge) -> None:
    ways = (RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED)
    slow, live, newer = opened(book, 1, *ways), opened(book, 2, *ways), opened(book, 3, *ways[:2])
    book.go_live(live.run_id)
    reconcile()
    assert status(book, slow) is RunStatus.SUPERSEDED
    assert status(book, newer) is RunStatus.TRAINING


def test_an_endpoint_without_the_live_run_is_looked_at(book: Ledger, bus: FakeEventBridge) -> None:
    live = opened(book, 1, RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED)
    book.go_live(live.run_id)
    reconcile()
    assert bus.published("SageMaker Endpoint State Change") == [{"EndpointName": "retailrec-endpoint"}]


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("by_month", [{"since": {"all": {}, "by_country": {"France": {}}}}, {}])
def test_a_retired_runs_serving_items_are_deleted_and_no_others(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker, by_month: dict[str, object]
) -> None:
    """Runs of earlier releases have no rankings by month."""
    old = opened(book, 1, RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED, RunStatus.SUPERSEDED)
    for stage in (Stage.APPROVE, Stage.PUBLISH):
        book.start_stage(old.run_id, stage)
    sagemaker.models[f"retailrec-{old.run_id}"] = {}
    files = {
        names.HISTORY_JSONL: {"customer_id": "7", "country": "France"},
        names.CATALOGUE_JSONL: {"item_id": "A"},
    }  # that of similar items may be missing
    for relative, line in files.items():
        body = gzip.compress((json.dumps(line) + "\n").encode())
        boto3.client("s3").put_object(Bucket="data", Key=names.run_key(old.run_id, relative), Body=body)
    rankings = {"all": [], "by_country": {"France": [], "Norway": []}, **by_month}
    popular = json.dumps(rankings).encode()
    key = names.run_key(old.run_id, names.POPULAR_JSON)
    boto3.client("s3").put_object(Bucket="data", Key=key, Body=popular)
    doomed = [
        customer_key(old.run_id, "7"),
        customers_key(old.run_id),
        customers_key(old.run_id, 0),
        similar_key(old.run_id, "A"),
        popular_since_key(old.run_id),
        *([popular_since_key(old.run_id, "France")] if by_month else []),
        popular_key(old.run_id, "Norway"),
        item_key(old.run_id, "A"),
        popular_key(old.run_id),
        popular_rest_key(old.run_id),
        popular_key(old.run_id, "France"),
    ]
    kept = customer_key("f" * 16, "7")
    serving().put_all((key, {}) for key in [*doomed, kept])
    reconcile()
    assert sagemaker.models == {}
    assert list(serving().get([*doomed, kept])) == [kept]
    found = book.get(old.run_id)
    assert found is not None
    assert (found.cleanup.retired, found.cleanup.serving_items_deleted) == (True, True)
