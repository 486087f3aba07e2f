"""The shapes of AWS's events, strictly: what EventBridge's and SageMaker's documentation name, and no more.

The functions read little of this (retailrec_shared/core/triggers.py); the examples must
have all of it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Json = dict[str, Any]
Milliseconds = int
S3Uri = Field(pattern=r"^s3://[a-z0-9.-]+/.+")


class Envelope(Strict):
    version: Literal["0"]
    id: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    detail_type: str = Field(alias="detail-type")
    source: str
    account: str = Field(pattern=r"^\d{12}$")
    time: datetime = Field(strict=False)
    region: str
    resources: list[str]
    detail: Json


class Bucket(Strict):
    name: str


class Object(Strict):
    key: str
    size: int
    etag: str
    version_id: str | None = Field(None, alias="version-id")
    sequencer: str = Field(pattern=r"^[0-9A-F]+$")


class ObjectCreated(Strict):
    version: Literal["0"]
    bucket: Bucket
    object: Object
    request_id: str = Field(alias="request-id")
    requester: str
    source_ip_address: str = Field(alias="source-ip-address")
    reason: Literal["PutObject", "POST Object", "CopyObject", "CompleteMultipartUpload"]


class TrainingJob(Strict):
    TrainingJobName: str
    TrainingJobArn: str
    TrainingJobStatus: Literal["InProgress", "Completed", "Failed", "Stopping", "Stopped"]
    SecondaryStatus: str
    ModelArtifacts: Json | None = None
    FailureReason: str | None = None
    HyperParameters: dict[str, str]
    AlgorithmSpecification: Json
    RoleArn: str
    InputDataConfig: list[Json]
    OutputDataConfig: Json
    ResourceConfig: Json
    StoppingCondition: Json
    CreationTime: Milliseconds
    TrainingStartTime: Milliseconds
    TrainingEndTime: Milliseconds
    LastModifiedTime: Milliseconds
    SecondaryStatusTransitions: list[Json]
    Tags: dict[str, str]


class TransformJob(Strict):
    TransformJobName: str
    TransformJobArn: str
    TransformJobStatus: Literal["InProgress", "Completed", "Failed", "Stopping", "Stopped"]
    FailureReason: str | None = None
    ModelName: str
    BatchStrategy: Literal["SingleRecord", "MultiRecord"]
    TransformInput: Json
    TransformOutput: Json
    TransformResources: Json
    CreationTime: Milliseconds
    TransformStartTime: Milliseconds
    TransformEndTime: Milliseconds
    Tags: dict[str, str]


class Endpoint(Strict):
    EndpointName: str
    EndpointArn: str
    EndpointConfigName: str
    ProductionVariants: list[Json]
    EndpointStatus: Literal["CREATING", "IN_SERVICE", "UPDATING", "FAILED", "DELETING", "ROLLING_BACK"]
    FailureReason: str | None = None
    CreationTime: Milliseconds
    LastModifiedTime: Milliseconds
    Tags: dict[str, str]


class ModelPackage(Strict):
    ModelPackageName: str
    ModelPackageArn: str
    InferenceSpecification: Json
    SourceAlgorithmSpecification: Json
    ModelPackageStatus: Literal["Pending", "InProgress", "Completed", "Failed", "Deleting"]
    ModelPackageStatusDetails: Json
    CertifyForMarketplace: bool
    CreationTime: datetime = Field(strict=False)
    LastModifiedTime: datetime = Field(strict=False)
    Tags: dict[str, str]


class TuningJob(Strict):
    HyperParameterTuningJobName: str
    HyperParameterTuningJobArn: str
    HyperParameterTuningJobStatus: Literal["Completed", "InProgress", "Failed", "Stopped", "Stopping"]
    HyperParameterTuningJobConfig: Json
    TrainingJobDefinition: Json
    CreationTime: Milliseconds
    LastModifiedTime: Milliseconds
    HyperParameterTuningEndTime: Milliseconds
    TrainingJobStatusCounters: dict[str, int]
    ObjectiveStatusCounters: dict[str, int]
    BestTrainingJob: Json
    Tags: dict[str, str]


class RetrainingRequested(Strict):
    """An operator's event, not AWS's; a repeated one of the reconciler's names its run."""

    stack: str
    token: str
    run_id: str | None = Field(None, alias="run-id")


class Schedule(Strict):
    """A scheduled rule says nothing."""


SHAPES: dict[str, type[Strict]] = {
    "Object Created": ObjectCreated,
    "Scheduled Event": Schedule,
    "Retraining Requested": RetrainingRequested,
    "SageMaker Training Job State Change": TrainingJob,
    "SageMaker Transform Job State Change": TransformJob,
    "SageMaker Endpoint State Change": Endpoint,
    "SageMaker Model Package State Change": ModelPackage,
    "SageMaker HyperParameter Tuning Job State Change": TuningJob,
}
