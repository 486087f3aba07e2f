"""Transform jobs: create, describe, list, stop."""

from typing import TYPE_CHECKING

from local.sagemaker.account import listing, quotas
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document, TransformJob
from local.sagemaker.account.tags import tags_of
from local.sagemaker.errors import validation
from local.sagemaker.models import models
from local.sagemaker.s3 import S3Uri
from local.sagemaker.transform.run import enter, run

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

MAX_MEGABYTES = 100
# What is neither done here nor harmless to ignore, with the only value that is.
ONLY = (
    ("TransformInput.CompressionType", "None"),
    ("TransformInput.DataSource.S3DataSource.S3DataType", "S3Prefix"),
    ("DataProcessing.InputFilter", "$"),
    ("DataProcessing.OutputFilter", "$"),
    ("DataProcessing.JoinSource", "None"),
)


async def create(cloud: "Cloud", request: Document) -> Document:
    """Start a transform job."""
    check(request)
    registry, name = cloud.store.transform_jobs, request["TransformJobName"]
    registry.check_free(name)
    model = cloud.store.models.find(request["ModelName"])
    instance_type = request["TransformResources"]["InstanceType"]
    models.check_instance(model, instance_type, "SupportedTransformInstanceTypes")
    cloud.quotas.check("transform-job", quotas.instances_of_job(request))
    job = TransformJob(name=name, arn=registry.arn(name), request=request, tags=tags_of(request))
    registry.add(job)
    enter(cloud, job, "InProgress")
    cloud.start(run(cloud, job, model))
    return {"TransformJobArn": job.arn}


def check(request: Document) -> None:
    """Apply the rules that the service model cannot express."""
    split = request["TransformInput"].get("SplitType", "None")
    if split not in ("None", "Line"):
        raise validation(f"SplitType {split} is not supported by the local SageMaker.")
    if request.get("BatchStrategy") == "MultiRecord" and split == "None":
        raise validation("To use the MultiRecord strategy, you must set SplitType.")
    megabytes = request.get("MaxPayloadInMB", 6) * request.get("MaxConcurrentTransforms", 1)
    if megabytes > MAX_MEGABYTES:
        raise validation(f"MaxConcurrentTransforms * MaxPayloadInMB cannot exceed {MAX_MEGABYTES} MB.")
    for path, value in ONLY:
        if _at(request, path) not in (None, value):
            raise validation(f"{path} other than {value} is not supported by the local SageMaker.")
    S3Uri.parse(_at(request, "TransformInput.DataSource.S3DataSource.S3Uri") or "")
    S3Uri.parse(request["TransformOutput"]["S3OutputPath"])


def _at(request: Document, path: str) -> str | None:
    value: Document | str | None = request
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe a transform job."""
    job = cloud.store.transform_jobs.find(request["TransformJobName"])
    return job.request | {
        "TransformJobArn": job.arn,
        "TransformJobStatus": job.status,
        "TransformOutput": {"KmsKeyId": "", **job.request["TransformOutput"]},
        "FailureReason": job.failure_reason,
        "CreationTime": job.created,
        "TransformStartTime": job.started,
        "TransformEndTime": job.ended,
    }


async def list_jobs(cloud: "Cloud", request: Document) -> Document:
    """List transform jobs."""
    return listing.page(cloud.store.transform_jobs, request, "TransformJobSummaries", _summary)


def _summary(job: TransformJob) -> Document:
    return {
        "TransformJobName": job.name,
        "TransformJobArn": job.arn,
        "TransformJobStatus": job.status,
        "CreationTime": job.created,
        "TransformEndTime": job.ended,
        "LastModifiedTime": job.modified,
        "FailureReason": job.failure_reason,
    }


async def stop(cloud: "Cloud", request: Document) -> Document:
    """Ask a transform job to stop; a job that is stopping already stays so."""
    job = cloud.store.transform_jobs.find(request["TransformJobName"])
    if not job.running:
        raise validation(f"The request was rejected because the transform job is in status {job.status}.")
    if job.status != "Stopping":
        enter(cloud, job, "Stopping")
        job.stop.set()
    return {}


NAMED = (("transform-job", "TransformJobName"),)
OPERATIONS = (
    Operation("CreateTransformJob", create, NAMED),
    Operation("DescribeTransformJob", describe, NAMED),
    Operation("ListTransformJobs", list_jobs),
    Operation("StopTransformJob", stop, NAMED),
)
