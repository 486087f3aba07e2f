"""Builds events in the shapes that AWS documents for SageMaker.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
Times are epoch milliseconds there, not the API's seconds, and an endpoint's
status is spelled IN_SERVICE instead of InService.
"""

import re
from datetime import datetime
from typing import Any

from local.sagemaker.account.events import StateChange
from local.sagemaker.account.records import (
    Document,
    Endpoint,
    ModelPackage,
    TrainingJob,
    TransformJob,
    TuningJob,
)

TRAINING = "SageMaker Training Job State Change"
TRANSFORM = "SageMaker Transform Job State Change"
TUNING = "SageMaker HyperParameter Tuning Job State Change"
ENDPOINT = "SageMaker Endpoint State Change"
MODEL_PACKAGE = "SageMaker Model Package State Change"


def training(job: TrainingJob) -> StateChange:
    """Build the event for the present state of a training job."""
    detail = _echo(job.request) | {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary_status,
        "FailureReason": job.failure_reason,
        "ModelArtifacts": {"S3ModelArtifacts": job.artifact} if job.artifact else None,
        "FinalMetricDataList": job.metrics or None,
        "CreationTime": job.created,
        "TrainingStartTime": job.started,
        "TrainingEndTime": job.ended,
        "LastModifiedTime": job.modified,
        "SecondaryStatusTransitions": job.transitions,
        "Tags": job.tags,
    }
    return StateChange(TRAINING, job.arn, job.status, _plain(detail))


def transform(job: TransformJob) -> StateChange:
    """Build the event for the present state of a transform job."""
    detail = _echo(job.request) | {
        "TransformJobArn": job.arn,
        "TransformJobStatus": job.status,
        "FailureReason": job.failure_reason,
        "CreationTime": job.created,
        "TransformStartTime": job.started,
        "TransformEndTime": job.ended,
        "Tags": job.tags,
    }
    return StateChange(TRANSFORM, job.arn, job.status, _plain(detail))


def tuning(job: TuningJob, described: Document) -> StateChange:
    """Build the event for the present state of a tuning job; ``described`` is the response of Describe."""
    reported = {name: value for name, value in described.items() if name != "ConsumedResources"}
    detail = reported | {"Tags": job.tags}
    return StateChange(TUNING, job.arn, job.status, _plain(detail))


def endpoint(of: Endpoint, variants: list[Document]) -> StateChange:
    """Build the event for the present state of an endpoint; ``variants`` are those of DescribeEndpoint."""
    status = event_spelling(of.status)
    detail = {
        "EndpointName": of.name,
        "EndpointArn": of.arn,
        "EndpointConfigName": of.config.name,
        "ProductionVariants": variants,
        "EndpointStatus": status,
        "FailureReason": of.failure_reason,
        "CreationTime": of.created,
        "LastModifiedTime": of.modified,
        "Tags": of.tags,
    }
    return StateChange(ENDPOINT, of.arn, status, _plain(detail))


def model_package(package: ModelPackage) -> StateChange:
    """Build the event for the present state of a model package; unlike the others, its times are ISO 8601."""
    detail = {
        "ModelPackageName": package.name,
        "ModelPackageArn": package.arn,
        "CreationTime": _iso(package.created),
        "LastModifiedTime": _iso(package.modified),
        "InferenceSpecification": package.specification,
        "SourceAlgorithmSpecification": package.request["SourceAlgorithmSpecification"],
        "ModelPackageStatus": package.status,
        "ModelPackageStatusDetails": package.details,
        "CertifyForMarketplace": package.request.get("CertifyForMarketplace", False),
        "Tags": package.tags,
    }
    return StateChange(MODEL_PACKAGE, package.arn, package.status, detail)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def event_spelling(status: str) -> str:
    """Spell an API status as events do: ``InService`` is ``IN_SERVICE``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()


def _echo(request: Document) -> Document:
    return {name: value for name, value in request.items() if name != "Tags"}


def _plain(value: Any) -> Any:
    """Drop what is absent and write times as epoch milliseconds."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
