"""Publishes a run's recommendations: to the serving table, and as Parquet."""

import json
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from publish_recommendations.joining import BadOutput, join, read_scores
from publish_recommendations.table import RecommendationsTable
from retailrec_shared.core import aws, bus, counting, names
from retailrec_shared.core.events import RecommendationsPublished
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.activation import activate_if_ready
from retailrec_shared.ledger.attempts import try_again
from retailrec_shared.ledger.failure import fail_run, step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.requests import job_name as job_of
from retailrec_shared.serving.entries import run_entries
from retailrec_shared.serving.run_lines import read_lines
from retailrec_shared.serving.table import serving

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTransformJobResponseTypeDef


def transform_job_changed(job_name: str) -> None:
    """Publish or fail the run of a transform job, by what SageMaker says of the job now."""
    run_id = names.run_of_resource(settings().resource_prefix, job_name)
    run = ledger().get(run_id) if run_id else None
    if run is None or run.status is not RunStatus.APPROVED:
        logger.info("nothing to publish", job=job_name, status=run and run.status)
        return
    job = _present_job(run)
    if job is None:
        if run.started(Stage.BATCH):  # AWS keeps jobs; the local cloud loses them when it restarts
            fail_run(run.run_id, Stage.BATCH, "SageMaker has no transform job of this run any more.")
        return
    status = job["TransformJobStatus"]
    if status in {"Failed", "Stopped"}:
        reason = job.get("FailureReason") or f"The transform job was {status.lower()}."
        try_again(run, Stage.BATCH, reason)
        if fail_run(run.run_id, Stage.BATCH, reason):
            counting.count_transform_seconds(job.get("TransformStartTime"), job.get("TransformEndTime"))
    elif status == "Completed":
        ledger().end_stage(run.run_id, Stage.BATCH)
        _publish(run, job)


def _present_job(run: Run) -> "DescribeTransformJobResponseTypeDef | None":
    """Describe the job of the run's present attempt, not that of the event; ``None`` if missing."""
    try:
        return aws.sagemaker().describe_transform_job(TransformJobName=job_of(settings(), run, Stage.BATCH))
    except ClientError as error:
        if aws.says_missing(error):
            return None
        raise


def _publish(run: Run, job: "DescribeTransformJobResponseTypeDef") -> None:
    with step_of(run.run_id, Stage.PUBLISH):
        if not run.ended(Stage.PUBLISH):
            ledger().start_stage(run.run_id, Stage.PUBLISH)
            with tempfile.TemporaryDirectory() as folder:
                _announce(run.run_id, *_write(run.run_id, Path(folder)))
            counting.count_transform_seconds(job.get("TransformStartTime"), job.get("TransformEndTime"))
        noted = ledger().end_stage(run.run_id, Stage.PUBLISH)
        if noted:
            activate_if_ready(noted)


def _write(run_id: str, folder: Path) -> tuple[int, int]:
    """Write everything the API looks up; return the numbers of customers and of recommendations."""
    table = RecommendationsTable()
    read = partial(read_lines, run_id, folder)
    customers = 0

    def bodies() -> Iterator[tuple[str, Any]]:
        nonlocal customers
        histories = map(json.loads, read(names.HISTORY_JSONL))
        for customer, body in join(histories, read_scores(_output(read))):
            table.add(customer, body["recommendations"])
            customers += 1
            yield customer, body

    serving().put_all(run_entries(run_id, read, bodies()))
    table.write(folder / "recommendations.parquet")
    key = names.run_key(run_id, names.RECOMMENDATIONS_PARQUET)
    aws.s3().upload_file(str(folder / "recommendations.parquet"), settings().data_bucket, key)
    return customers, len(table)


def _output(read: Callable[[str], Iterator[str]]) -> Iterator[str]:
    """Yield the lines of the transform job's output; raises BadOutput when there is none."""
    relative = f"{names.BATCH_OUTPUT_PREFIX}/{Path(names.BATCH_INPUT_JSONL).name}.out"
    try:
        yield from read(relative)
    except ClientError as error:
        if aws.error_code(error) not in {"404", "NoSuchKey"}:
            raise
        raise BadOutput(f"The transform job is Completed, but its output {relative} is missing.") from error


def _announce(run_id: str, customers: int, recommendations: int) -> None:
    metrics.add_metric(name="RecommendationsPublished", unit=MetricUnit.Count, value=recommendations)
    bus.publish(RecommendationsPublished(run_id=run_id, customers=customers, recommendations=recommendations))
