"""The report of a run compared with the previous one, through the ledger and the data bucket."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from prepare_dataset import previous
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core import names
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload, timestamp
from tests.fakes import FakeEventBridge, refusal
from tests.integration.pipeline.test_prepare_upload import drop, shop

pytestmark = pytest.mark.slow

EARLIER = datetime.now(UTC) - timedelta(days=1)


def report_of(run: Run) -> QualityReport:
    key = names.run_key(run.run_id, names.QUALITY_REPORT_JSON)
    body = boto3.client("s3").get_object(Bucket="data", Key=key)["Body"].read()
    return QualityReport.model_validate_json(body)


def newest(book: Ledger, key: str) -> Run:
    return next(run for run in book.runs() if run.upload.key == key)


def antedate(book: Ledger, run: Run, days: int, status: RunStatus | None = None) -> Run:
    """Make a run one of an earlier upload: moto's clock has too few ticks between two drops."""
    client = boto3.client("dynamodb")
    client.delete_item(TableName="ledger", Key={"pk": {"S": f"run#{run.run_id}"}})
    at = timestamp(EARLIER - timedelta(days=days))
    changes = {"upload": run.upload.model_copy(update={"uploaded_at": at}), "status": status or run.status}
    earlier = run.model_copy(update=changes)
    book.open_run(earlier)
    return earlier


def test_the_first_run_has_no_difference_but_a_page(book: Ledger, bus: FakeEventBridge) -> None:
    drop(shop())
    run = newest(book, "shop.csv")
    report = report_of(run)
    assert (report.run_id, report.file, report.difference, report.warnings) == (
        run.run_id, "shop.csv", None, [],
    )  # fmt: skip
    page = boto3.client("s3").get_object(
        Bucket="data", Key=names.run_key(run.run_id, names.QUALITY_REPORT_HTML)
    )
    assert page["Body"].read().startswith(b"<!doctype html>")
    assert page["ContentType"] == "text/html; charset=utf-8"


def test_a_run_is_compared_with_the_newest_earlier_one_that_was_prepared(
    book: Ledger, bus: FakeEventBridge
) -> None:
    drop(shop(60), "oldest.csv")
    antedate(book, newest(book, "oldest.csv"), 9)
    drop(shop(40), "older.csv")
    older = antedate(book, newest(book, "older.csv"), 5, RunStatus.MODEL_REJECTED)
    drop(b"name;age\nA;3\n", "rejected.csv")
    antedate(book, newest(book, "rejected.csv"), 3)
    preparing = Upload(bucket="raw", key="stuck.csv", etag="e", size=1, uploaded_at=timestamp(EARLIER))
    book.open_run(Run(run_id="f" * 16, upload=preparing, configuration={}))
    drop(shop(50), "now.csv")
    difference = report_of(newest(book, "now.csv")).difference
    assert difference
    assert (difference.previous_run_id, difference.previous_file) == (older.run_id, "older.csv")
    assert (difference.rows_read.previous, difference.rows_read.current) == (40, 50)
    assert difference.item_ids
    assert difference.customer_ids
    assert (difference.item_ids.unseen, difference.customer_ids.unseen) == (0, 0)


def test_a_later_upload_is_never_the_previous_one(book: Ledger, bus: FakeEventBridge) -> None:
    drop(shop(40), "later.csv")
    antedate(book, newest(book, "later.csv"), -9)
    drop(shop(60), "now.csv")
    assert report_of(newest(book, "now.csv")).difference is None


@pytest.mark.parametrize("body", [None, b"", b"no json", b"{}", b'{"schema_version": 2}'])
def test_a_previous_report_that_cannot_be_read_fails_nothing(
    book: Ledger, bus: FakeEventBridge, body: bytes | None
) -> None:
    drop(shop(60), "old.csv")
    old = antedate(book, newest(book, "old.csv"), 1)
    key = names.run_key(old.run_id, names.QUALITY_REPORT_JSON)
    if body is None:
        boto3.client("s3").delete_object(Bucket="data", Key=key)
    else:
        boto3.client("s3").put_object(Bucket="data", Key=key, Body=body)
    drop(shop(50), "now.csv")
    run = newest(book, "now.csv")
    assert run.status is RunStatus.PREPARED
    assert report_of(run).difference is None


@pytest.mark.parametrize("body", [None, b"no gzip", b"\x1f\x8b\x08cut"])
def test_without_the_previous_catalogue_the_rest_is_compared(
    book: Ledger, bus: FakeEventBridge, body: bytes | None
) -> None:
    drop(shop(60), "old.csv")
    old = antedate(book, newest(book, "old.csv"), 1)
    key = names.run_key(old.run_id, names.CATALOGUE_JSONL)
    if body is None:
        boto3.client("s3").delete_object(Bucket="data", Key=key)
    else:
        boto3.client("s3").put_object(Bucket="data", Key=key, Body=body)
    drop(shop(20), "now.csv")
    report = report_of(newest(book, "now.csv"))
    assert report.difference
    assert report.difference.item_ids is None
    assert report.difference.customer_ids
    assert "rows_fell" in [warning.code for warning in report.warnings]


def test_a_ledger_that_cannot_be_asked_fails_nothing(
    book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throttled(_operation: str) -> None:
        raise refusal("ThrottlingException", "Rate exceeded")

    client: Any = SimpleNamespace(get_paginator=throttled)
    monkeypatch.setattr(previous, "ledger", lambda: Ledger("ledger", client))
    drop(shop())
    assert newest(book, "shop.csv").status is RunStatus.PREPARED
