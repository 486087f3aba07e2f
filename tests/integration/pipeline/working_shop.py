"""A shop whose functions are woken one after the other, as their events would."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from activate_endpoint import app as activating
from approve_model import app as approving
from prepare_dataset import app as preparing
from publish_recommendations import app as publishing
from reconcile_runs import app as reconciling
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core import names
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from start_batch import app as batching
from start_training import app as training
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.api.api_client import Context

HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
GOOD = [
    f"{536000 + n},8512{n % 5}A,THING {n % 5},{1 + n % 3},2011-{1 + n // 28:02d}-{1 + n % 28:02d} 10:00,2.5,"
    f"{13085 + n % 3}.0,France"
    for n in range(60)
]
# One row for each reason there is.
BAD = {
    RejectReason.MALFORMED_ROW: "1,2",
    RejectReason.MISSING_CUSTOMER: "536001,85123A,X,1,2011-01-01 10:00,2.5,,France",
    RejectReason.MISSING_ITEM: "536001,,X,1,2011-01-01 10:00,2.5,13085,France",
    RejectReason.INVALID_ID: f"536001,{'9' * 300},X,1,2011-01-01 10:00,2.5,13085,France",
    RejectReason.INVALID_DATE: "536001,85123A,X,1,never,2.5,13085,France",
    RejectReason.CANCELLATION: "C536001,85123A,X,1,2011-01-01 10:00,2.5,13085,France",
    RejectReason.INVALID_QUANTITY: "536001,85123A,X,many,2011-01-01 10:00,2.5,13085,France",
    RejectReason.NON_POSITIVE_QUANTITY: "536001,85123A,X,-1,2011-01-01 10:00,2.5,13085,France",
    RejectReason.INVALID_PRICE: "536001,85123A,X,1,2011-01-01 10:00,dear,13085,France",
    RejectReason.NON_POSITIVE_PRICE: "536001,85123A,X,1,2011-01-01 10:00,0,13085,France",
    RejectReason.NON_PRODUCT: "536001,POST,POSTAGE,1,2011-01-01 10:00,2.5,13085,France",
    RejectReason.DUPLICATE: GOOD[0],
}
MEASURED = {"p@k(10)": 0.3, "p@k(10)_popularity": 0.1, "ndcg@20": 0.4}
WORSE = {"p@k(10)": 0.05, "p@k(10)_popularity": 0.1}
START = datetime(2026, 1, 1, tzinfo=UTC)
TRAINED, TRANSFORMED, ACTIVATED = (
    ("aws.sagemaker", f"SageMaker {what} State Change")
    for what in ("Training Job", "Transform Job", "Endpoint")
)


class Shop:
    """The functions at work on a shop's files, with SageMaker and EventBridge faked."""

    def __init__(self, book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge) -> None:
        self.book, self.sagemaker, self.bus = book, sagemaker, bus
        self.drops = itertools.count(1)  # S3 distinguishes uploads within one second by their sequencer

    def drop(self, key: str, rows: list[str]) -> Run:
        """Drop a file; returns its run as it is after preparing."""
        body = "\n".join([HEADER, *rows]).encode()
        put = boto3.client("s3").put_object(Bucket="raw", Key=key, Body=body)
        dropped = {"key": key, "version-id": put["VersionId"], "etag": put["ETag"]}
        dropped["sequencer"] = f"{next(self.drops):018X}"
        detail = {"bucket": {"name": "raw"}, "object": dropped}
        preparing.handler(_event("aws.s3", "Object Created", detail), Context())
        (run,) = [run for run in self.book.runs() if run.upload.key == key]
        return run

    def train(self, run: Run, found: dict[str, float], status: str = "Completed") -> None:
        """Start a run's training, and let it end."""
        counts = {name: run.counts[name] for name in ("interactions", "customers", "items")}
        detail = {"version": "1", "run_id": run.run_id} | counts
        training.handler(_event("retailrec", "DatasetPrepared", detail), Context())
        job = f"retailrec-{run.run_id}"
        if job in self.sagemaker.training_jobs:
            self.sagemaker.end_training(job, found, status)
            self.sagemaker.training_jobs[job] |= {"BillableTimeInSeconds": 120, "TrainingTimeInSeconds": 200}
            changed = {"TrainingJobName": job, "TrainingJobStatus": status}
            approving.handler(_event(*TRAINED, changed), Context())

    def serve(self, run: Run) -> None:
        """Publish an approved run's batch and deploy it."""
        detail = {"version": "1", "run_id": run.run_id, "model_name": "m", "metrics": MEASURED}
        batching.handler(_event("retailrec", "ModelApproved", detail), Context())
        job = f"retailrec-{run.run_id}"
        self.sagemaker.transform_jobs[job] |= {
            "TransformJobStatus": "Completed",
            "TransformStartTime": START,
            "TransformEndTime": START + timedelta(seconds=90),
        }
        key = names.run_key(run.run_id, "batch-output/customers.jsonl.out")
        boto3.client("s3").put_object(Bucket="data", Key=key, Body=b"13085,85123A,0.5\n")
        changed = {"TransformJobName": job, "TransformJobStatus": "Completed"}
        publishing.handler(
            _event("aws.sagemaker", "SageMaker Transform Job State Change", changed), Context()
        )
        activated = {"EndpointName": "retailrec-endpoint", "EndpointStatus": "IN_SERVICE"}
        event = _event(*ACTIVATED, activated)
        activating.handler(event, Context())
        self.sagemaker.settle_endpoint()
        assert self.sagemaker.endpoint is not None
        self.sagemaker.endpoint["ProductionVariants"] = [{"CurrentInstanceCount": 2}]
        activating.handler(event, Context())

    def reconcile(self) -> None:
        """Let five minutes pass."""
        reconciling.handler({"detail-type": "Scheduled Event"}, Context())


def _event(source: str, kind: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": source,
        "detail-type": kind,
        "detail": detail,
        "id": "1",
        "time": "2026-01-01T00:00:00Z",
    }


def work(shop: Shop) -> None:
    """Let happen whatever may: good, bad and broken runs, a wait, a repair, one run after the other."""
    first = shop.drop("sales.csv", [*GOOD, *BAD.values()])
    shop.train(first, MEASURED)
    shop.serve(first)
    shop.drop("append/day.csv", GOOD[:5])  # which are all there already
    second = shop.drop("b.csv", GOOD[1:])
    shop.sagemaker.over_quota = True
    shop.train(second, MEASURED)
    shop.sagemaker.over_quota = False
    shop.train(second, MEASURED)
    shop.serve(second)
    shop.drop("refused.csv", ["1,2,3"])
    shop.train(shop.drop("bad.csv", GOOD[2:]), WORSE)
    shop.train(shop.drop("broken.csv", GOOD[3:]), {}, status="Failed")
    shop.drop("append/again.csv", GOOD[-3:])
    lost = shop.drop("lost.csv", GOOD[4:])
    long_ago = "2026-01-01T00:00:00.000Z"
    shop.book.record(lost.run_id, status_at=long_ago, busy_until=long_ago)
    shop.reconcile()
