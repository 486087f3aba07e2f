"""From a dropped object to a prepared run, and what a second drop of it does."""

import io
import json
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from prepare_dataset import app, commit
from prepare_dataset.files import limits
from prepare_dataset.upload import prepare_upload
from retailrec_shared.core import aws, names
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from tests.fakes import FakeEventBridge
from tests.integration.pipeline.api.api_client import Context
from tests.unit.command.runs import with_attributes

EVENT = Path(__file__).parents[3] / "events" / "object-created.json"
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"


def shop(rows: int = 60) -> bytes:
    """Make a small, clean csv: three customers, five items, one line a day."""
    lines = [
        f"{536000 + n},8512{n % 5}A,THING {n % 5},{1 + n % 3},2011-{1 + n // 28:02d}-{1 + n % 28:02d} 10:00,"
        f"2.5,{13085 + n % 3}.0,France\n"
        for n in range(rows)
    ]
    return (HEADER + "".join(lines)).encode()


def drop(body: bytes, key: str = "shop.csv") -> None:
    answer = boto3.client("s3").put_object(Bucket="raw", Key=key, Body=io.BytesIO(body))
    prepare_upload("raw", key, answer["VersionId"], "0055AED6DCD90281E5")


def only_run(book: Ledger) -> Run:
    (run,) = book.runs()
    return run


def test_a_good_file_is_prepared_and_announced(book: Ledger, bus: FakeEventBridge) -> None:
    drop(shop())
    run = only_run(book)
    assert run.status is RunStatus.PREPARED
    assert run.ended(Stage.PREPARE)
    assert run.counts["rows_read"] == run.counts["interactions"] == 60
    assert run.counts["train_rows"] + run.counts["test_rows"] == 60
    assert bus.published("DatasetPrepared") == [
        {"version": "1", "run_id": run.run_id, "interactions": 60, "customers": 3, "items": 5}
    ]
    listed = boto3.client("s3").list_objects_v2(Bucket="data")["Contents"]
    written = {thing["Key"].removeprefix(names.run_prefix(run.run_id)) for thing in listed}
    assert {names.TRAIN_CSV, names.TEST_CSV, names.HISTORY_JSONL, names.QUALITY_REPORT_JSON} <= written
    train = boto3.client("s3").get_object(Bucket="data", Key=names.run_key(run.run_id, names.TRAIN_CSV))
    first, second, *_ = train["Body"].read().decode().splitlines()
    assert first.replace('"', "").startswith("user_id,item_id")
    assert "13085.0" not in second


def test_the_same_bytes_again_are_no_second_run(book: Ledger, bus: FakeEventBridge) -> None:
    drop(shop())
    book.move(only_run(book).run_id, RunStatus.TRAINING)
    drop(shop())
    assert only_run(book).status is RunStatus.TRAINING
    assert len(bus.published("DatasetPrepared")) == 1


def test_an_event_delivered_twice_announces_again_rather_than_never(
    book: Ledger, bus: FakeEventBridge
) -> None:
    drop(shop())
    drop(shop())
    assert only_run(book).lease.acquired == 1
    assert len(bus.published("DatasetPrepared")) == 2


def test_changed_bytes_or_a_changed_configuration_are_a_new_run(
    book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(shop())
    drop(shop(61))
    monkeypatch.setenv("SPLIT", "random")
    settings.cache_clear()
    drop(shop(61))
    assert len({run.run_id for run in book.runs()}) == 3


def test_an_attempt_that_died_is_taken_up_again(book: Ledger, bus: FakeEventBridge) -> None:
    drop(shop())
    run = only_run(book)
    client = boto3.client("dynamodb")
    client.delete_item(TableName="ledger", Key={"pk": {"S": f"run#{run.run_id}"}})
    book.open_run(with_attributes(run, status=RunStatus.PREPARING, busy_until=None))
    drop(shop())
    assert only_run(book).status is RunStatus.PREPARED
    assert only_run(book).lease.acquired == 2


def test_a_run_that_somebody_prepares_is_left_to_them(book: Ledger, bus: FakeEventBridge) -> None:
    drop(shop())
    run = only_run(book)
    client = boto3.client("dynamodb")
    client.delete_item(TableName="ledger", Key={"pk": {"S": f"run#{run.run_id}"}})
    assert run.lease.expires_at
    book.open_run(run.model_copy(update={"status": RunStatus.PREPARING}))
    for _ in range(9):
        drop(shop())
    assert only_run(book).status is RunStatus.PREPARING
    assert only_run(book).lease.acquired == 1


def test_an_attempt_that_aws_let_down_does_not_count_and_makes_way(
    book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_anything: object) -> None:
        raise TimeoutError("the data bucket does not answer")

    for _ in range(9):
        with monkeypatch.context() as down:
            down.setattr(commit, "_store", refuse)
            with pytest.raises(TimeoutError):
                drop(shop())
    drop(shop())
    assert only_run(book).status is RunStatus.PREPARED


def test_a_file_that_fails_every_time_is_given_up(book: Ledger, bus: FakeEventBridge) -> None:
    drop(shop())
    run = only_run(book)
    client = boto3.client("dynamodb")
    client.delete_item(TableName="ledger", Key={"pk": {"S": f"run#{run.run_id}"}})
    book.open_run(with_attributes(run, status=RunStatus.PREPARING, attempts=3, busy_until=None))
    drop(shop())
    assert only_run(book).status is RunStatus.FAILED
    assert bus.types()[-1] == "RunFailed"


def test_an_unusable_file_is_rejected_with_a_sentence(book: Ledger, bus: FakeEventBridge) -> None:
    drop(b"name;age\nA;3\n", "people.csv")
    run = only_run(book)
    assert run.status is RunStatus.REJECTED
    (event,) = bus.published("DatasetRejected")
    assert event["reason"] == run.outcome.reason
    assert event["next_step"] == run.outcome.next_step
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="data")


@pytest.mark.parametrize("key", ["a+b c.xlsx", "2011/März & more.csv", "x%20y.csv"])
def test_keys_are_taken_as_they_are(book: Ledger, bus: FakeEventBridge, key: str) -> None:
    drop(shop(), key)
    assert only_run(book).upload.key == key
    assert only_run(book).status is RunStatus.PREPARED


def test_an_object_that_is_gone_makes_no_run(book: Ledger, bus: FakeEventBridge) -> None:
    prepare_upload("raw", "gone.csv", None, "")
    assert list(book.runs()) == []


FOREIGN = (HEADER.replace("Customer ID", "household_id").replace("StockCode", "product_id")).encode()
MAPPING = '{"customer_id": "household_id", "item_id": "product_id"}'


def foreign_shop() -> bytes:
    return shop().replace(HEADER.encode(), FOREIGN)


def put_mapping(text: str, key: str = "shop.csv") -> None:
    boto3.client("s3").put_object(Bucket="raw", Key=names.mapping_key(key), Body=text.encode())


def test_a_mapping_next_to_the_data_names_its_columns(book: Ledger, bus: FakeEventBridge) -> None:
    put_mapping("\ufeff" + MAPPING)
    drop(foreign_shop())
    run = only_run(book)
    assert run.status is RunStatus.PREPARED
    assert run.configuration["column_mapping"] == MAPPING
    assert run.counts["customers"] == 3


def test_the_stacks_mapping_is_for_files_without_their_own(
    book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMN_MAPPING", MAPPING)
    settings.cache_clear()
    drop(foreign_shop())
    put_mapping("{}", "usual.csv")
    drop(shop(), "usual.csv")
    assert {run.status for run in book.runs()} == {RunStatus.PREPARED}


def test_another_mapping_of_the_same_bytes_is_a_new_run_and_the_same_is_none(
    book: Ledger, bus: FakeEventBridge
) -> None:
    drop(foreign_shop())
    assert only_run(book).status is RunStatus.REJECTED
    put_mapping(MAPPING)
    drop(foreign_shop())
    put_mapping(MAPPING.replace(", ", ",  "))
    drop(foreign_shop())
    assert sorted(run.status for run in book.runs()) == [RunStatus.PREPARED, RunStatus.REJECTED]


def test_a_mapping_that_cannot_be_used_rejects_the_file(book: Ledger, bus: FakeEventBridge) -> None:
    put_mapping('{"shopper": "household_id"}')
    drop(foreign_shop())
    assert only_run(book).status is RunStatus.REJECTED
    assert "“shopper” is no column" in (only_run(book).outcome.reason or "")


def test_a_mapping_alone_makes_no_run(book: Ledger, bus: FakeEventBridge) -> None:
    put_mapping(MAPPING)
    event = json.loads(EVENT.read_text())
    event["detail"]["object"] |= {"key": names.mapping_key("shop.csv"), "version-id": None}
    event["detail"]["bucket"]["name"] = "raw"
    app.handler(event, Context())
    assert list(book.runs()) == []


def test_an_object_too_large_for_any_format_is_rejected_before_it_is_downloaded(
    book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_OBJECT_BYTES", 1_000)
    monkeypatch.setattr(aws.s3(), "download_file", None)
    drop(shop())
    run = only_run(book)
    assert run.status is RunStatus.REJECTED
    assert "split the file" in (run.outcome.reason or "")
    assert bus.types() == ["DatasetRejected"]


@pytest.mark.parametrize("key", ["ü" * 512, "a+b c/../%2B\n☕.csv"])
def test_a_key_may_be_as_long_and_as_odd_as_s3_allows(
    book: Ledger, bus: FakeEventBridge, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = aws.s3().get_object

    def as_s3_does(**asked: str) -> object:
        """Moto looks for a key of any length; S3 refuses one of over 1,024 bytes."""
        if len(asked["Key"].encode()) > 1_024:
            raise ClientError({"Error": {"Code": "KeyTooLongError"}}, "GetObject")
        return get(**asked)  # type: ignore[arg-type]

    monkeypatch.setattr(aws.s3(), "get_object", as_s3_does)
    drop(shop(), key)
    assert only_run(book).status is RunStatus.PREPARED
    assert only_run(book).upload.key == key


def test_a_mapping_of_a_megabyte_says_so(book: Ledger, bus: FakeEventBridge) -> None:
    put_mapping('{"customer_id": "' + "x" * 1_000_000 + '"}')
    drop(foreign_shop())
    assert "it is longer than 8,192 bytes" in (only_run(book).outcome.reason or "")
