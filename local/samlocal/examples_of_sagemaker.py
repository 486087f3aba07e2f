"""SageMaker's state changes, as EventBridge delivers them.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html:
the detail is what Describe answers, with times as milliseconds since 1970. An
endpoint's status is spelled in capitals there, unlike in the API.
"""

from typing import Any

from local.samlocal.examples_of_tuning import tuning_job
from local.samlocal.values import Values
from retailrec_shared.core import names

Json = dict[str, Any]
Change = tuple[str, str, Json]  # kind, ARN, detail

START, END = 1767322800000, 1767323045000


def changes(values: Values) -> dict[str, Change]:
    """Make the example of every kind and outcome."""
    training = values.arn("training-job", values.name)
    transform = values.arn("transform-job", values.name)
    endpoint = values.arn("endpoint", values.endpoint)
    package = values.arn("model-package", values.name)
    tuning = values.arn("hyper-parameter-tuning-job", names.tuning_job_name(values.run_id))
    failure = "AlgorithmError: the training channel holds no rows, exit code: 1"
    unhealthy = "The primary container for production variant did not pass the ping health check."
    return {
        "training-job-completed": ("Training Job", training, _trained(values)),
        "training-job-failed": ("Training Job", training, _training(values, "Failed", failure)),
        "training-job-stopped": ("Training Job", training, _training(values, "Stopped")),
        "transform-job-completed": ("Transform Job", transform, _transform(values, "Completed")),
        "transform-job-failed": (
            "Transform Job",
            transform,
            _transform(values, "Failed", "ClientError: See job logs for more information"),
        ),
        "endpoint-in-service": ("Endpoint", endpoint, _endpoint(values, "IN_SERVICE")),
        "endpoint-failed": ("Endpoint", endpoint, _endpoint(values, "FAILED", unhealthy)),
        "model-package-completed": ("Model Package", package, _package(values, "Completed")),
        "model-package-failed": (
            "Model Package",
            package,
            _package(values, "Failed", "ClientError: Could not find model data."),
        ),
        "tuning-job-completed": ("HyperParameter Tuning Job", tuning, tuning_job(values)),
    }


def _failure(reason: str) -> Json:
    return {"FailureReason": reason} if reason else {}


def _training(values: Values, status: str, reason: str = "") -> Json:
    return {
        "TrainingJobName": values.name,
        "TrainingJobArn": values.arn("training-job", values.name),
        "TrainingJobStatus": status,
        "SecondaryStatus": status,
        "HyperParameters": {"factors": "100", "iterations": "100", "learning_rate": "0.01"},
        "AlgorithmSpecification": {"TrainingImage": values.image, "TrainingInputMode": "File"},
        "RoleArn": values.role_arn,
        "InputDataConfig": [_channel(values, "training", "train"), _channel(values, "testing", "test")],
        "OutputDataConfig": {"S3OutputPath": values.s3(names.MODEL_PREFIX)},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "CreationTime": START,
        "TrainingStartTime": START + 60_000,
        "TrainingEndTime": END,
        "LastModifiedTime": END,
        "SecondaryStatusTransitions": [
            {"Status": "Training", "StartTime": START + 60_000, "EndTime": END - 1000},
            {"Status": status, "StartTime": END - 1000, "EndTime": END},
        ],
        "Tags": {"retailrec:run-id": values.run_id},
        **_failure(reason),
    }


def _trained(values: Values) -> Json:
    artifact = values.s3(f"{names.MODEL_PREFIX}/{values.name}/output/model.tar.gz")
    return _training(values, "Completed") | {"ModelArtifacts": {"S3ModelArtifacts": artifact}}


def _channel(values: Values, name: str, folder: str) -> Json:
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": values.s3(f"{folder}/"),
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "ContentType": "text/csv"}


def _transform(values: Values, status: str, reason: str = "") -> Json:
    source = {"S3DataType": "S3Prefix", "S3Uri": values.s3(names.BATCH_INPUT_JSONL)}
    return {
        "TransformJobName": values.name,
        "TransformJobArn": values.arn("transform-job", values.name),
        "TransformJobStatus": status,
        "ModelName": values.name,
        "BatchStrategy": "SingleRecord",
        "TransformInput": {
            "DataSource": {"S3DataSource": source},
            "ContentType": "application/json",
            "CompressionType": "None",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": values.s3(names.BATCH_OUTPUT_PREFIX),
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        "CreationTime": START,
        "TransformStartTime": START + 60_000,
        "TransformEndTime": END,
        "Tags": {"retailrec:run-id": values.run_id},
        **_failure(reason),
    }


def _endpoint(values: Values, status: str, reason: str = "") -> Json:
    variant = names.variant_name(values.run_id)
    return {
        "EndpointName": values.endpoint,
        "EndpointArn": values.arn("endpoint", values.endpoint),
        "EndpointConfigName": values.serverless_name,
        "EndpointStatus": status,
        "ProductionVariants": [{"VariantName": variant, "DesiredWeight": 1.0, "DesiredInstanceCount": 1}],
        "CreationTime": START,
        "LastModifiedTime": END,
        "Tags": {},
        **_failure(reason),
    }


def _package(values: Values, status: str, reason: str = "") -> Json:
    """Unlike in the others, times are ISO 8601."""
    artifact = f"{values.s3(names.MODEL_PREFIX)}/{values.name}/output/model.tar.gz"
    validation = {"Name": "ValidateModelData", "Status": status, **_failure(reason)}
    return {
        "ModelPackageName": values.name,
        "ModelPackageArn": values.arn("model-package", values.name),
        "CreationTime": "2026-01-02T03:00:00Z",
        "LastModifiedTime": "2026-01-02T03:04:05Z",
        "InferenceSpecification": {
            "Containers": [{"Image": values.image, "ModelDataUrl": artifact}],
            "SupportedTransformInstanceTypes": ["ml.m5.xlarge"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json", "text/csv"],
        },
        "SourceAlgorithmSpecification": {
            "SourceAlgorithms": [{"AlgorithmName": values.algorithm_arn, "ModelDataUrl": artifact}]
        },
        "ModelPackageStatus": status,
        "ModelPackageStatusDetails": {
            "ValidationStatuses": [validation] if reason else [],
            "ImageScanStatuses": [],
        },
        "CertifyForMarketplace": False,
        "Tags": {},
    }
