"""What the batch job wrote reaches the serving table and Parquet, and the run may go live."""

import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest

from publish_recommendations.publishing import transform_job_changed
from reconcile_runs.cleaning import delete_serving_items
from retailrec_shared.core import names
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload
from retailrec_shared.serving import customer_pages
from retailrec_shared.serving.bulk import Write
from retailrec_shared.serving.keys import (
    customer_key,
    customers_key,
    item_key,
    popular_key,
    popular_rest_key,
    popular_since_key,
    similar_key,
)
from retailrec_shared.serving.table import Serving, serving
from tests.fakes import FakeEventBridge, FakeSageMaker

CUSTOMERS = [f"{13000 + n}" for n in range(60)]


def put(run: Run, relative: str, body: str) -> None:
    data = body.encode(errors="surrogateescape")
    data = gzip.compress(data) if relative.endswith(".gz") else data
    boto3.client("s3").put_object(Bucket="data", Key=names.run_key(run.run_id, relative), Body=data)


def lines(entries: list[dict[str, object]]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


@pytest.fixture
def run(book: Ledger, sagemaker: FakeSageMaker) -> Run:
    """An approved run whose transform job has ended; the model knows all but the last customer."""
    upload = Upload(bucket="raw", key="a.csv", etag="e", size=9, uploaded_at="2026-01-01")
    run = Run(run_id="1" * 16, upload=upload, configuration={})
    book.open_run(run)
    for status in (RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED):
        book.move(run.run_id, status)
    bought = {
        "timestamp": "2011-01-01T10:00:00",
        "invoice": "1",
        "item_id": "85123A",
        "quantity": 1,
        "price": 2.5,
    }
    history: list[dict[str, object]] = [
        {
            "customer_id": customer,
            "country": "France",
            "purchases_total": 1,
            "purchases": [bought],
            "bought": ["85123A"],
        }
        for customer in CUSTOMERS
    ]
    put(run, names.HISTORY_JSONL, lines(history))
    put(
        run,
        names.CATALOGUE_JSONL,
        lines([{"item_id": i, "description": f"THING {i}"} for i in ("85123A", "a,b")]),
    )
    ranking = [{"item_id": "85123A", "customers": 60}]
    since = {"2011-01": [["85123A", 60]]}
    popular: dict[str, object] = {"all": ranking, "by_country": {"France": ranking}}
    popular["rest"] = [["a,b", 1]]
    popular["since"] = {"all": since, "by_country": {"France": since}}
    put(run, names.POPULAR_JSON, json.dumps(popular))
    put(run, names.SIMILAR_JSONL, lines([{"item_id": "a,b", "similar": [["85123A", 0.5]]}]))
    scores = "".join(f'{customer},85123A,0.5\n{customer},"a,b",0.25\n' for customer in CUSTOMERS[:-1])
    put(run, "batch-output/customers.jsonl.out", scores)
    sagemaker.transform_jobs[f"retailrec-{run.run_id}"] = {"TransformJobStatus": "Completed"}
    return run


def test_everything_is_published(run: Run, book: Ledger, bus: FakeEventBridge) -> None:
    transform_job_changed(f"retailrec-{run.run_id}")
    keys = [customer_key(run.run_id, customer) for customer in (CUSTOMERS[0], CUSTOMERS[-1])]
    keys += [item_key(run.run_id, "a,b"), popular_key(run.run_id, "France"), popular_key(run.run_id)]
    assert serving().get([popular_rest_key(run.run_id)]) == {popular_rest_key(run.run_id): [["a,b", 1]]}
    found = serving().get(keys)
    first, last, item, in_france, overall = (found[key] for key in keys)
    assert first["recommendations"] == [["85123A", 0.5], ["a,b", 0.25]]
    assert first["purchases"][0]["item_id"] == "85123A"
    assert last["recommendations"] == []
    assert first["bought"] == ["85123A"]
    assert item == {"description": "THING a,b"}
    others = [similar_key(run.run_id, "a,b"), popular_since_key(run.run_id, "France")]
    others += [customers_key(run.run_id), customers_key(run.run_id, 0)]
    found = serving().get(others)
    neighbours, since, pages, page = (found[key] for key in others)
    assert neighbours == [["85123A", 0.5]]
    assert since == {"2011-01": [["85123A", 60]]}
    assert (pages, page) == ({"total": 60, "first": ["13000"]}, CUSTOMERS)
    assert in_france == overall == [{"item_id": "85123A", "customers": 60}]
    assert bus.published("RecommendationsPublished") == [
        {"version": "1", "run_id": run.run_id, "customers": 60, "recommendations": 118}
    ]
    parquet = boto3.client("s3").get_object(
        Bucket="data", Key=names.run_key(run.run_id, names.RECOMMENDATIONS_PARQUET)
    )
    table = pq.read_table(io.BytesIO(parquet["Body"].read()))
    assert table.num_rows == 118
    assert table.slice(1, 1).to_pylist() == [{"user_id": "13000", "rank": 2, "item_id": "a,b", "score": 0.25}]


@pytest.mark.usefixtures("bus")
def test_clean_up_removes_all_that_publishing_wrote_and_nothing_else(
    run: Run, book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_pages, "CUSTOMERS_PER_PAGE", 25)
    requests = _recorded(monkeypatch)
    transform_job_changed(f"retailrec-{run.run_id}")
    written = {request["PutRequest"]["Item"]["pk"]["S"] for request in requests}
    assert {customers_key(run.run_id, page) for page in range(3)} < written
    of_another = customer_key("2" * 16, CUSTOMERS[0])
    serving().put_all([(of_another, {})])
    requests.clear()
    retired = book.record(run.run_id, retired=True)
    assert retired is not None
    delete_serving_items([retired], datetime.now(UTC) + timedelta(hours=1))
    deleted = {request["DeleteRequest"]["Key"]["pk"]["S"] for request in requests}
    assert written <= deleted
    # An item of the catalogue may have no neighbours.
    assert all(key.startswith(f"{run.run_id}#similar#") for key in deleted - written)
    assert list(serving().get([*written, of_another])) == [of_another]


def _recorded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """List each request to write an item of the serving table."""
    found: list[Any] = []
    write = Serving._write

    def recording(self: Serving, writes: Iterable[Write], seconds_left: Callable[[], float]) -> Iterator[int]:
        listed = list(writes)
        found.extend(each.request for each in listed)
        return write(self, listed, seconds_left)

    monkeypatch.setattr(Serving, "_write", recording)
    return found


@pytest.mark.usefixtures("bus")
def test_customers_with_the_longest_ids_are_published(run: Run, book: Ledger) -> None:
    """An id has up to 256 characters, of up to four bytes."""
    customers = [f"{number:06}".rjust(256, "\U0001f600") for number in range(450)]
    history: dict[str, object] = {"country": None, "purchases_total": 0, "purchases": [], "bought": []}
    put(run, names.HISTORY_JSONL, lines([{"customer_id": each, **history} for each in customers]))
    put(run, "batch-output/customers.jsonl.out", "")
    transform_job_changed(f"retailrec-{run.run_id}")
    now = book.get(run.run_id)
    assert now is not None
    assert (now.ended(Stage.PUBLISH), now.outcome.reason) == (True, None)
    assert len(serving().get(customer_key(run.run_id, each) for each in customers)) == len(customers)


def test_publishing_alone_makes_a_run_live_where_there_is_no_endpoint(
    run: Run, book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform_job_changed(f"retailrec-{run.run_id}")
    assert book.pointer("live") is None
    monkeypatch.setenv("ENDPOINT_MODE", "none")
    settings.cache_clear()
    transform_job_changed(f"retailrec-{run.run_id}")
    assert book.pointer("live") == run.run_id
    assert len(bus.published("RecommendationsPublished")) == 1, "what is published is not published again"


def test_a_failed_job_fails_the_run(
    run: Run, book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker
) -> None:
    job = f"retailrec-{run.run_id}"
    sagemaker.transform_jobs[job] = {"TransformJobStatus": "Failed", "FailureReason": "ClientError: 400"}
    transform_job_changed(job)
    now = book.get(run.run_id)
    assert now is not None
    assert (now.status, now.outcome.failed_stage, now.outcome.reason) == (
        RunStatus.FAILED,
        Stage.BATCH,
        "ClientError: 400",
    )
    assert not now.started(Stage.PUBLISH)


OUTPUTS = {
    "a stranger": "99999,85123A,0.5\n",
    "a line cut short": "13000,85123A\n",
    "code": "[__import__('os')]\n",
    "a customer twice": "13000,85123A,0.5\n13001,85123A,0.5\n13000,85123A,0.5\n",
    "another order": "13001,85123A,0.5\n13000,85123A,0.5\n",
    "a customer for an item": "13000,85123A,13000x\n",
    "no text": "13000,85123A,0.5\n\udcff",
    "a record without an item": "[{'user_id': '13000', 'score': 1}]\n",
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS.keys())
def test_output_that_cannot_be_published_fails_the_run(
    run: Run, book: Ledger, bus: FakeEventBridge, output: str
) -> None:
    put(run, "batch-output/customers.jsonl.out", output)
    transform_job_changed(f"retailrec-{run.run_id}")
    now = book.get(run.run_id)
    assert now is not None
    assert (now.status, now.outcome.failed_stage) == (RunStatus.FAILED, Stage.PUBLISH)
    assert "The batch output" in (now.outcome.reason or "")
    assert not re.search("1300[0-9]|99999", now.outcome.reason or ""), "it is logged, and mailed"
    assert not now.ended(Stage.PUBLISH)


def test_output_that_is_not_there_fails_the_run_instead_of_keeping_it_for_ever(
    run: Run, book: Ledger, bus: FakeEventBridge
) -> None:
    boto3.client("s3").delete_object(
        Bucket="data", Key=names.run_key(run.run_id, "batch-output/customers.jsonl.out")
    )
    transform_job_changed(f"retailrec-{run.run_id}")
    now = book.get(run.run_id)
    assert now is not None
    assert (now.status, now.outcome.failed_stage) == (RunStatus.FAILED, Stage.PUBLISH)
    assert "is missing" in (now.outcome.reason or "")
