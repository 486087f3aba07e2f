"""Training jobs: create, describe, list, stop."""

from typing import TYPE_CHECKING

from local.sagemaker.account import listing, quotas
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document, TrainingJob, now
from local.sagemaker.account.tags import tags_of
from local.sagemaker.errors import validation
from local.sagemaker.models import algorithms
from local.sagemaker.training import rules
from local.sagemaker.training.run import enter, request_stop, run

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud


async def create(cloud: "Cloud", request: Document) -> Document:
    """Start a training job."""
    rules.check(request, cloud.settings.account)
    algorithms.check_job(cloud, request)
    registry, name = cloud.store.training_jobs, request["TrainingJobName"]
    registry.check_free(name)
    cloud.quotas.check("training-job", quotas.instances_of_job(request))
    request.setdefault("StoppingCondition", {"MaxRuntimeInSeconds": rules.MAX_SECONDS})
    job = TrainingJob(name=name, arn=registry.arn(name), request=request, tags=tags_of(request))
    registry.add(job)
    enter(cloud, job, "Starting")
    cloud.start(run(cloud, job))
    return {"TrainingJobArn": job.arn}


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe a training job."""
    job = cloud.store.training_jobs.find(request["TrainingJobName"])
    late = not job.running and cloud.faults.metrics_are_late()
    return job.request | {
        "TrainingJobArn": job.arn,
        "TuningJobArn": cloud.store.tuning_jobs.arn(job.tuning_job) if job.tuning_job else None,
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary_status,
        "SecondaryStatusTransitions": job.transitions,
        "FailureReason": job.failure_reason,
        # Present also without a key, and read so by the SageMaker Python SDK (Estimator.attach).
        "OutputDataConfig": {"KmsKeyId": "", **job.request["OutputDataConfig"]},
        "ModelArtifacts": {"S3ModelArtifacts": job.artifact or ""},
        "FinalMetricDataList": None if late else job.metrics or None,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "TrainingStartTime": job.started,
        "TrainingEndTime": job.ended,
        "TrainingTimeInSeconds": _seconds(job),
        "BillableTimeInSeconds": _seconds(job),
        "EnableNetworkIsolation": job.request.get("EnableNetworkIsolation", False),
        "EnableManagedSpotTraining": job.request.get("EnableManagedSpotTraining", False),
        "EnableInterContainerTrafficEncryption": job.request.get(
            "EnableInterContainerTrafficEncryption", False
        ),
    }


def _seconds(job: TrainingJob) -> int | None:
    if job.started is None:
        return None
    return max(1, round(((job.ended or now()) - job.started).total_seconds()))


async def list_jobs(cloud: "Cloud", request: Document) -> Document:
    """List training jobs."""
    return listing.page(
        cloud.store.training_jobs, request, "TrainingJobSummaries", _summary, order="Ascending"
    )


def _summary(job: TrainingJob) -> Document:
    return {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary_status,
        "CreationTime": job.created,
        "TrainingEndTime": job.ended,
        "LastModifiedTime": job.modified,
    }


async def stop(cloud: "Cloud", request: Document) -> Document:
    """Ask a training job to stop; a job that is stopping already stays so."""
    job = cloud.store.training_jobs.find(request["TrainingJobName"])
    if not job.running:
        raise validation(f"The request was rejected because the training job is in status {job.status}.")
    request_stop(cloud, job)
    return {}


NAMED = (("training-job", "TrainingJobName"),)
OPERATIONS = (
    Operation("CreateTrainingJob", create, NAMED),
    Operation("DescribeTrainingJob", describe, NAMED),
    Operation("ListTrainingJobs", list_jobs),
    Operation("StopTrainingJob", stop, NAMED),
)
