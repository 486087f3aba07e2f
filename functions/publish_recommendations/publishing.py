"""Publishes a run's recommendations: to the serving table, and as Parquet."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from publish_recommendations import publication
from retailrec_shared.core import aws, bus, counting, names
from retailrec_shared.core.events import RecommendationsPublished
from retailrec_shared.core.invocation import Invocation, without_limit
from retailrec_shared.core.observability import logger, metrics
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger import replay
from retailrec_shared.ledger.activation import activate_if_ready
from retailrec_shared.ledger.attempts import try_again
from retailrec_shared.ledger.failure import fail_run, step_of
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.stage_work import stage_work
from retailrec_shared.sagemaker.requests import job_name as job_of

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTransformJobResponseTypeDef


def transform_job_changed(job_name: str, invocation: Invocation | None = None) -> None:
    """Publish or fail the run of a transform job, by what SageMaker says of the job now.

    An invocation without enough time ends early, and sends the event again, for the next one to continue.
    """
    run_id = names.run_of_resource(settings().resource_prefix, job_name)
    run = ledger().get(run_id) if run_id else None
    if run is None or run.status is not RunStatus.APPROVED:
        logger.info("nothing to publish", job=job_name, status=run and run.status)
        return
    job = None
    with step_of(run.run_id, Stage.BATCH):
        job = _completed_job(run)
    if job:
        _publish(run, job, invocation or without_limit())


def _completed_job(run: Run) -> "DescribeTransformJobResponseTypeDef | None":
    """Return the run's transform job if it is Completed; fail the run if it failed or is gone."""
    job = _present_job(run)
    if job is None:
        if run.started(Stage.BATCH):  # AWS keeps jobs; the local cloud loses them when it restarts
            fail_run(run.run_id, Stage.BATCH, "SageMaker has no transform job of this run any more.")
        return None
    status = job["TransformJobStatus"]
    if status in {"Failed", "Stopped"}:
        reason = job.get("FailureReason") or f"The transform job was {status.lower()}."
        try_again(run, Stage.BATCH, reason)
        if fail_run(run.run_id, Stage.BATCH, reason):
            counting.count_transform_seconds(job.get("TransformStartTime"), job.get("TransformEndTime"))
    elif status == "Completed":
        ledger().end_stage(run.run_id, Stage.BATCH)
        return job
    return None


def _present_job(run: Run) -> "DescribeTransformJobResponseTypeDef | None":
    """Describe the job of the run's present attempt, not that of the event; ``None`` if missing."""
    try:
        return aws.sagemaker().describe_transform_job(TransformJobName=job_of(settings(), run, Stage.BATCH))
    except ClientError as error:
        if aws.says_missing(error):
            return None
        raise


def _publish(run: Run, job: "DescribeTransformJobResponseTypeDef", invocation: Invocation) -> None:
    with step_of(run.run_id, Stage.PUBLISH):
        published = run if run.ended(Stage.PUBLISH) else _continue(run, job, invocation)
        if published:
            activate_if_ready(published)


def _continue(run: Run, job: "DescribeTransformJobResponseTypeDef", invocation: Invocation) -> Run | None:
    """Publish as far as this invocation can; return the run, as it is then, once all is published."""
    ledger().start_stage(run.run_id, Stage.PUBLISH)
    acquired = publication.acquire(run, invocation)
    if acquired is None:
        return None
    lease, taken = acquired
    try:
        share = publication.publish(lease, taken)
        if share.complete:
            if not taken.ended(Stage.PUBLISH):
                _announce(run.run_id, share.position.customers, share.position.recommendations)
                counting.count_transform_seconds(job.get("TransformStartTime"), job.get("TransformEndTime"))
            return ledger().end_stage(run.run_id, Stage.PUBLISH)
    except publication.Overtaken:
        logger.info("another invocation publishes the run", run_id=run.run_id)
        return None
    finally:
        stage_work().release(run.run_id, Stage.PUBLISH, invocation.id)
    logger.info("publishing continues in another invocation", run_id=run.run_id, **share.position._asdict())
    replay.send(replay.transform_job_changed(job_of(settings(), run, Stage.BATCH)))
    return None


def _announce(run_id: str, customers: int, recommendations: int) -> None:
    metrics.add_metric(name="RecommendationsPublished", unit=MetricUnit.Count, value=recommendations)
    bus.publish(RecommendationsPublished(run_id=run_id, customers=customers, recommendations=recommendations))
