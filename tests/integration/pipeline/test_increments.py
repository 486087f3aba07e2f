"""Uploads that add to the dataset, in any order, and training on it again."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from prepare_dataset import app, commit
from prepare_dataset.upload import prepare_upload
from retailrec_shared.core import aws, names
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.datasets import PK, datasets
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from tests.fakes import FakeEventBridge
from tests.integration.pipeline.api.api_client import Context

pytestmark = pytest.mark.slow

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"


def lines(first: int, last: int) -> bytes:
    """Make one line a day: the days from ``first`` to ``last``."""
    return (
        HEADER
        + "".join(
            f"{536000 + n},8512{n % 5}A,THING {n % 5},{1 + n % 3},"
            f"2011-{1 + n // 28:02d}-{1 + n % 28:02d} 10:00,2.5,{13085 + n % 3}.0,France\n"
            for n in range(first, last + 1)
        )
    ).encode()


class Shop:
    """Uploads files, each a second after the other; their events are sent on request."""

    def __init__(self, book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.book = book
        self._seconds = 0
        real = aws.s3().head_object
        self._times: dict[str, int] = {}
        monkeypatch.setattr(aws.s3(), "head_object", lambda **asked: real(**asked) | self._time(asked))

    def _time(self, asked: dict[str, str]) -> dict[str, object]:
        """Return when a version of the raw bucket was uploaded; moto's clock does not move between two."""
        seconds = self._times.get(asked.get("VersionId", ""))
        return {} if seconds is None else {"LastModified": MIDNIGHT + timedelta(seconds=seconds)}

    def put(self, body: bytes, key: str) -> Callable[[], Run]:
        """Upload a file; return what lets its event come."""
        answer = boto3.client("s3").put_object(Bucket="raw", Key=key, Body=io.BytesIO(body))
        self._seconds += 1
        version = answer["VersionId"]
        self._times[version] = self._seconds

        def event() -> Run:
            before = {run.run_id for run in self.book.runs()}
            prepare_upload("raw", key, version, "0055AED6DCD90281E5")
            mine = [
                run
                for run in self.book.runs()
                if run.upload.version_id == version or run.run_id not in before
            ]
            return mine[0]

        return event

    def drop(self, body: bytes, key: str) -> Run:
        return self.put(body, key)()


@pytest.fixture
def shop(book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(book, monkeypatch)


def invoices(run: Run) -> list[str]:
    """The times in a run's dataset, one for each line."""
    found: list[str] = []
    for name in (names.TRAIN_CSV, names.TEST_CSV):
        body = (
            boto3.client("s3").get_object(Bucket="data", Key=names.run_key(run.run_id, name))["Body"].read()
        )
        found += [row["timestamp"] for row in csv.DictReader(io.StringIO(body.decode()))]
    return sorted(found)


def days(first: int, last: int) -> list[str]:
    return [f"2011-{1 + n // 28:02d}-{1 + n % 28:02d} 10:00:00" for n in range(first, last + 1)]


def test_an_increment_adds_to_the_last_dataset(shop: Shop, bus: FakeEventBridge) -> None:
    full = shop.drop(lines(0, 29), "shop.csv")
    first = shop.drop(lines(25, 35), "append/day.csv")
    second = shop.drop(lines(33, 40), "append/day.csv")
    assert [run.status for run in (first, second)] == [RunStatus.PREPARED] * 2
    assert invoices(full) == days(0, 29)
    assert invoices(second) == days(0, 40)
    assert (first.dataset.added_to, second.dataset.added_to) == (full.run_id, first.run_id)
    assert second.counts["rows_in_increment"] == 8
    assert (second.counts["rows_repeated"], second.counts["interactions_added"]) == (3, 5)
    assert [event["run_id"] for event in bus.published("DatasetPrepared")] == [
        run.run_id for run in (full, first, second)
    ]


def test_a_full_file_replaces_all_that_was_added(shop: Shop) -> None:
    shop.drop(lines(0, 29), "shop.csv")
    shop.drop(lines(30, 35), "append/day.csv")
    again = shop.drop(lines(2, 20), "shop.csv")
    assert invoices(again) == days(2, 20)
    assert invoices(shop.drop(lines(21, 22), "append/day.csv")) == days(2, 22)


def test_an_increment_before_any_full_file_is_the_first_dataset(shop: Shop) -> None:
    first = shop.drop(lines(0, 9), "append/day.csv")
    assert (first.status, first.dataset.added_to) == (RunStatus.PREPARED, None)
    assert invoices(first) == days(0, 9)
    assert invoices(shop.drop(lines(8, 12), "append/day.csv")) == days(0, 12)


def test_an_increment_whose_event_was_late_goes_on_with_all_that_came_after_it(shop: Shop) -> None:
    shop.drop(lines(0, 29), "shop.csv")
    late = shop.put(lines(30, 33), "append/a.csv")
    later = shop.drop(lines(34, 36), "append/b.csv")
    assert invoices(later) == [*days(0, 29), *days(34, 36)]
    run = late()
    assert invoices(run) == days(0, 36)
    assert run.order > later.order
    assert invoices(shop.drop(lines(36, 38), "append/c.csv")) == days(0, 38)


def test_a_full_file_whose_event_was_late_keeps_what_was_added_after_it(shop: Shop) -> None:
    shop.drop(lines(0, 9), "shop.csv")
    late = shop.put(lines(20, 40), "shop.csv")
    later = shop.drop(lines(41, 43), "append/a.csv")
    assert invoices(later) == [*days(0, 9), *days(41, 43)]
    run = late()
    assert invoices(run) == days(20, 43)
    assert run.order > later.order
    assert invoices(shop.drop(lines(44, 44), "append/b.csv")) == days(20, 44)


def test_an_increment_that_a_later_full_file_replaced_is_over(shop: Shop) -> None:
    shop.drop(lines(0, 9), "shop.csv")
    late = shop.put(lines(10, 12), "append/a.csv")
    full = shop.drop(lines(20, 40), "shop.csv")
    run = late()
    assert run.status is RunStatus.SUPERSEDED
    assert run.outcome.reason
    assert datasets().head().members[0].run_id == full.run_id


def test_an_increment_waits_for_an_earlier_upload_and_is_woken_by_its_end(
    shop: Shop, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shop.put(lines(0, 29), "shop.csv")
    increment = shop.put(lines(30, 35), "append/day.csv")
    real = commit._store

    def meanwhile(*about: object) -> None:
        monkeypatch.setattr(commit, "_store", real)
        with pytest.raises(NotYet):
            increment()
        real(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(commit, "_store", meanwhile)
    full()
    (waiting,) = [run for run in shop.book.runs() if run.appends]
    assert waiting.stages[Stage.PREPARE].waiting == "an earlier upload is being prepared (shop.csv)"
    assert [event["run-id"] for event in bus.published("Object Created")] == [waiting.run_id]
    run = increment()
    assert invoices(run) == days(0, 35)
    assert run.lease.acquired == 1
    assert not run.stages[Stage.PREPARE].waiting


def test_others_who_are_accepted_meanwhile_are_not_left_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.drop(lines(0, 9), "shop.csv")
    first = shop.put(lines(10, 12), "append/a.csv")
    second = shop.put(lines(13, 15), "append/b.csv")
    real = commit._store

    def meanwhile(*about: object) -> None:
        monkeypatch.setattr(commit, "_store", real)
        first()
        real(*about)  # type: ignore[arg-type]

    monkeypatch.setattr(commit, "_store", meanwhile)
    assert invoices(second()) == days(0, 15)


def test_a_rejected_increment_does_not_stop_the_next(shop: Shop) -> None:
    shop.drop(lines(0, 9), "shop.csv")
    bad = shop.drop(b"name,age\nA,3\n", "append/a.csv")
    assert bad.status is RunStatus.REJECTED
    assert invoices(shop.drop(lines(10, 12), "append/b.csv")) == days(0, 12)


def test_an_increment_that_adds_nothing_is_not_trained(shop: Shop, bus: FakeEventBridge) -> None:
    full = shop.drop(lines(0, 9), "shop.csv")
    again = shop.drop(lines(2, 5), "append/a.csv")
    assert again.status is RunStatus.COLLECTED
    assert (
        again.outcome.reason == "It adds no purchase to the dataset: 4 rows were there already, 0 rejected."
    )
    assert again.dataset.id == full.dataset.id
    assert len(bus.published("DatasetPrepared")) == 1


def test_the_same_increment_again_changes_nothing(shop: Shop) -> None:
    shop.drop(lines(0, 9), "shop.csv")
    first = shop.put(lines(10, 12), "append/a.csv")
    run = first()
    number = datasets().head().number
    assert first() == run
    assert datasets().head().number == number


def test_rows_that_are_gone_refuse_the_increment(shop: Shop) -> None:
    full = shop.drop(lines(0, 9), "shop.csv")
    boto3.client("s3").delete_object(Bucket="data", Key=names.run_key(full.run_id, names.OWN_LINES))
    run = shop.drop(lines(10, 12), "append/a.csv")
    assert run.status is RunStatus.REJECTED
    assert "deleted" in (run.outcome.reason or "")


def test_a_dataset_of_an_earlier_release_refuses_the_increment(shop: Shop) -> None:
    full = shop.drop(lines(0, 9), "shop.csv")
    boto3.client("dynamodb").delete_item(TableName="ledger", Key={"pk": {"S": "dataset"}})
    shop.book.record(full.run_id, dataset=None)
    run = shop.drop(lines(10, 12), "append/a.csv")
    assert run.status is RunStatus.REJECTED
    assert "earlier release" in (run.outcome.reason or "")


# retraining


def scheduled(detail_type: str = "Scheduled Event", **detail: str) -> None:
    app.handler({"detail-type": detail_type, "source": "aws.events", "detail": detail}, Context())


def trained(book: Ledger, run: Run) -> None:
    book.start_stage(run.run_id, Stage.TRAIN)
    book.move(run.run_id, RunStatus.TRAINING)


def test_without_a_dataset_the_schedule_does_nothing(book: Ledger, bus: FakeEventBridge) -> None:
    scheduled()
    assert list(book.runs()) == []


def test_the_schedule_trains_what_was_only_collected(
    shop: Shop, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAIN_ON_APPEND", "false")
    settings.cache_clear()
    full = shop.drop(lines(0, 9), "shop.csv")
    trained(shop.book, full)
    increment = shop.drop(lines(10, 12), "append/a.csv")
    assert increment.status is RunStatus.COLLECTED
    scheduled()
    scheduled()
    (again,) = [run for run in shop.book.runs() if run.dataset.retrains]
    assert again.status is RunStatus.PREPARED
    assert again.dataset.retrains == increment.run_id
    assert again.order > increment.order
    assert invoices(again) == days(0, 12)
    assert invoices(shop.drop(lines(13, 13), "append/b.csv")) == days(0, 13)


def test_the_schedule_does_nothing_when_nothing_changed(shop: Shop) -> None:
    trained(shop.book, shop.drop(lines(0, 9), "shop.csv"))
    shop.drop(lines(3, 9), "append/a.csv")  # adds nothing
    scheduled()
    assert not [run for run in shop.book.runs() if run.dataset.retrains]


def test_the_schedule_trains_again_when_the_settings_changed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shop.drop(lines(0, 9), "shop.csv")
    trained(shop.book, full)
    monkeypatch.setenv("CLEANING_PROFILE", "tutorial")
    settings.cache_clear()
    scheduled()
    (again,) = [run for run in shop.book.runs() if run.dataset.retrains]
    assert again.configuration["cleaning_profile"] == "tutorial"
    assert again.order > full.order


def test_each_request_of_an_operator_trains_again_once(shop: Shop) -> None:
    trained(shop.book, shop.drop(lines(0, 9), "shop.csv"))
    for token in ("a", "a", "b"):
        scheduled("Retraining Requested", token=token)
    assert len([run for run in shop.book.runs() if run.dataset.retrains]) == 2


def test_a_retraining_that_stands_still_is_taken_up_again(
    shop: Shop, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.drop(lines(0, 9), "shop.csv")

    def die(*_anything: object) -> None:
        raise TimeoutError("the data bucket does not answer")

    with monkeypatch.context() as down:
        down.setattr(commit, "_store", die)
        with pytest.raises(TimeoutError):
            scheduled("Retraining Requested", token="a")
    (again,) = [run for run in shop.book.runs() if run.dataset.retrains]
    assert again.status is RunStatus.PREPARING
    scheduled("Retraining Requested", **{"run-id": again.run_id})
    (again,) = [run for run in shop.book.runs() if run.dataset.retrains]
    assert again.status is RunStatus.PREPARED


def test_an_increment_beyond_what_the_ledger_can_name_is_rejected_until_a_full_file(
    shop: Shop, bus: FakeEventBridge
) -> None:
    """DynamoDB refuses an item of more than 400 KB, whatever moto does."""
    full = shop.drop(lines(0, 29), "shop.csv")
    item = boto3.client("dynamodb").get_item(TableName="ledger", Key={"pk": {"S": PK}})["Item"]
    (member,) = item["members"]["L"]
    item["members"]["L"] = [member, *[{"S": member["S"].replace("false", "true")}] * 5_300]
    boto3.client("dynamodb").put_item(TableName="ledger", Item=item)
    day = shop.drop(lines(30, 31), "append/day.csv")
    assert day.status is RunStatus.REJECTED
    assert "upload one file of all rows, not as an increment" in (day.outcome.reason or "")
    assert bus.types()[-1] == "DatasetRejected"
    again = shop.drop(lines(0, 31), "shop.csv")
    assert [run.status for run in (full, again)] == [RunStatus.PREPARED] * 2
    assert shop.drop(lines(32, 33), "append/day.csv").status is RunStatus.PREPARED
