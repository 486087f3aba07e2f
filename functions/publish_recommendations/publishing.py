"""Publishing a run's recommendations: to the serving table, and as Parquet."""

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from publish_recommendations.joining import join, read_scores
from publish_recommendations.table import RecommendationsTable
from retailrec_shared import aws, bus, names
from retailrec_shared.activation import activate_if_ready
from retailrec_shared.events import RecommendationsPublished
from retailrec_shared.failure import fail_run
from retailrec_shared.ledger import ledger
from retailrec_shared.observability import logger, metrics
from retailrec_shared.run import Run
from retailrec_shared.serving import customer_key, item_key, popular_key, serving
from retailrec_shared.settings import settings
from retailrec_shared.status import RunStatus, Stage

Json = Any


def transform_job_changed(job_name: str) -> None:
    """Publish or fail the run of a transform job, by what SageMaker says of the job now."""
    run_id = names.run_of_resource(settings().resource_prefix, job_name)
    run = ledger().get(run_id) if run_id else None
    if run is None or run.status is not RunStatus.APPROVED:
        logger.info("nothing to publish", job=job_name, status=run and run.status)
        return
    job = aws.sagemaker().describe_transform_job(TransformJobName=job_name)
    status = job["TransformJobStatus"]
    if status in {"Failed", "Stopped"}:
        fail_run(
            run.run_id, Stage.BATCH, job.get("FailureReason") or f"The transform job was {status.lower()}."
        )
    elif status == "Completed":
        ledger().end_stage(run.run_id, Stage.BATCH)
        _publish(run)


def _publish(run: Run) -> None:
    if not run.ended(Stage.PUBLISH):
        ledger().start_stage(run.run_id, Stage.PUBLISH)
        with tempfile.TemporaryDirectory() as folder:
            _announce(run.run_id, *_write(run.run_id, Path(folder)))
    noted = ledger().end_stage(run.run_id, Stage.PUBLISH)
    if noted:
        activate_if_ready(noted)


def _write(run_id: str, folder: Path) -> tuple[int, int]:
    """Write customers, items and popular items; return how many customers and recommendations."""
    table = RecommendationsTable()

    def customers() -> Iterator[tuple[str, Json]]:
        histories = map(json.loads, _lines(run_id, names.HISTORY_JSONL, folder))
        output = f"{names.BATCH_OUTPUT_PREFIX}/{Path(names.BATCH_INPUT_JSONL).name}.out"
        for customer, body in join(histories, read_scores(_lines(run_id, output, folder))):
            table.add(customer, body["recommendations"])
            yield customer_key(run_id, customer), body

    def items() -> Iterator[tuple[str, Json]]:
        for item in map(json.loads, _lines(run_id, names.CATALOGUE_JSONL, folder)):
            yield item_key(run_id, item["item_id"]), {"description": item["description"]}

    serving().put_all(items())
    serving().put_all(_popular(run_id, folder))
    customer_count = serving().put_all(customers())
    table.write(folder / "recommendations.parquet")
    key = names.run_key(run_id, names.RECOMMENDATIONS_PARQUET)
    aws.s3().upload_file(str(folder / "recommendations.parquet"), settings().data_bucket, key)
    return customer_count, len(table)


def _popular(run_id: str, folder: Path) -> Iterator[tuple[str, Json]]:
    popular = json.loads("".join(_lines(run_id, names.POPULAR_JSON, folder)))
    yield popular_key(run_id), popular["all"]
    for country, ranking in popular["by_country"].items():
        yield popular_key(run_id, country), ranking


def _lines(run_id: str, relative: str, folder: Path) -> Iterator[str]:
    path = folder / Path(relative).name
    aws.s3().download_file(settings().data_bucket, names.run_key(run_id, relative), str(path))
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines
    else:
        with path.open(encoding="utf-8", newline="") as lines:
            yield from lines


def _announce(run_id: str, customers: int, recommendations: int) -> None:
    metrics.add_metric(name="RecommendationsPublished", unit=MetricUnit.Count, value=recommendations)
    bus.publish(RecommendationsPublished(run_id=run_id, customers=customers, recommendations=recommendations))
