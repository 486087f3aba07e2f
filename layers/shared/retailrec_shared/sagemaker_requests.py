"""The requests that the pipeline sends to SageMaker, built by pure functions.

Field limits and the algorithm's contract: docs/architecture.md, "The algorithm".
"""

from typing import TYPE_CHECKING, Any, cast

from retailrec_shared import names
from retailrec_shared.run import Run
from retailrec_shared.settings import HYPERPARAMETERS, Settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import (
        ProductionVariantInstanceTypeType,
        TrainingInstanceTypeType,
        TransformInstanceTypeType,
    )
    from mypy_boto3_sagemaker.type_defs import (
        ContainerDefinitionTypeDef,
        CreateEndpointConfigInputTypeDef,
        CreateEndpointInputTypeDef,
        CreateModelInputTypeDef,
        CreateModelPackageInputTypeDef,
        CreateTrainingJobRequestTypeDef,
        CreateTransformJobRequestTypeDef,
        ProductionVariantTypeDef,
        TagTypeDef,
    )

CONTRACT_METRIC = "p@k(10)"

# What our own image logs as "metric: NAME = VALUE"; a Marketplace algorithm
# brings metric definitions of its own and takes none.
METRICS = (
    CONTRACT_METRIC,
    "p@k(10)_new_items",
    "p@k(10)_in_sample",
    "p@k(10)_popularity",
    "p@k(10)_popularity_new_items",
    "p@k(10)_own_items",
    "users_evaluated",
    "users_unknown",
)


def metric_regex(name: str) -> str:
    """Regular expression that finds a metric in our image's log.

    Written without re.escape's backslashes before harmless characters:
    CloudWatch's engine is not Python's.
    """
    escaped = "".join(f"\\{char}" if char in "().+*?[]{}|^$\\" else char for char in name)
    return f"metric: {escaped} = ([0-9.eE+-]+)"


def _tags(settings: Settings, run: Run) -> "list[TagTypeDef]":
    return [
        {"Key": "retailrec:stack", "Value": settings.stack_name},
        {"Key": "retailrec:run-id", "Value": run.run_id},
    ]


def _uri(settings: Settings, run: Run, relative: str) -> str:
    return f"s3://{settings.data_bucket}/{names.run_key(run.run_id, relative)}"


def _channel(settings: Settings, run: Run, name: str, relative: str) -> Any:
    return {
        "ChannelName": name,
        "ContentType": "text/csv",
        "InputMode": "File",
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": _uri(settings, run, relative.rsplit("/", 1)[0] + "/"),
                "S3DataDistributionType": "FullyReplicated",
            }
        },
    }


def training_job(settings: Settings, run: Run) -> "CreateTrainingJobRequestTypeDef":
    """Build CreateTrainingJob for a run's train and test rows."""
    if run.of_marketplace:
        algorithm: Any = {"AlgorithmName": run.algorithm, "TrainingInputMode": "File"}
    else:
        algorithm = {
            "TrainingImage": run.algorithm,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": name, "Regex": metric_regex(name)} for name in METRICS],
        }
    return {
        "TrainingJobName": names.resource_name(settings.resource_prefix, run.run_id),
        "AlgorithmSpecification": algorithm,
        "RoleArn": settings.sagemaker_role_arn,
        "HyperParameters": {name: run.configuration[name] for name in HYPERPARAMETERS},
        "InputDataConfig": [
            _channel(settings, run, "training", names.TRAIN_CSV),
            _channel(settings, run, "testing", names.TEST_CSV),
        ],
        "OutputDataConfig": {"S3OutputPath": _uri(settings, run, names.MODEL_PREFIX)},
        "ResourceConfig": {
            "InstanceType": cast("TrainingInstanceTypeType", settings.training_instance_type),
            "InstanceCount": 1,
            "VolumeSizeInGB": 10,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": settings.training_max_seconds},
        # Marketplace algorithms insist on isolation; ours needs no network either.
        "EnableNetworkIsolation": True,
        "Tags": _tags(settings, run),
    }


def model(settings: Settings, run: Run, artifact: str) -> "CreateModelInputTypeDef":
    """Build CreateModel: of our own image and ``artifact``, or of a Marketplace algorithm's model package."""
    name = names.resource_name(settings.resource_prefix, run.run_id)
    if run.of_marketplace:
        container: ContainerDefinitionTypeDef = {"ModelPackageName": name}
    else:
        container = {"Image": run.algorithm, "ModelDataUrl": artifact}
    return {
        "ModelName": name,
        "PrimaryContainer": container,
        "ExecutionRoleArn": settings.sagemaker_role_arn,
        "EnableNetworkIsolation": True,
        "Tags": _tags(settings, run),
    }


def model_package(settings: Settings, run: Run, artifact: str) -> "CreateModelPackageInputTypeDef":
    """Build CreateModelPackage: a Marketplace algorithm's artifact becomes a model by this way alone."""
    return {
        "ModelPackageName": names.resource_name(settings.resource_prefix, run.run_id),
        "SourceAlgorithmSpecification": {
            "SourceAlgorithms": [{"AlgorithmName": run.algorithm, "ModelDataUrl": artifact}]
        },
        "Tags": _tags(settings, run),
    }


def transform_job(settings: Settings, run: Run) -> "CreateTransformJobRequestTypeDef":
    """Build CreateTransformJob over every customer of a run."""
    name = names.resource_name(settings.resource_prefix, run.run_id)
    return {
        "TransformJobName": name,
        "ModelName": name,
        "BatchStrategy": "SingleRecord",
        "TransformInput": {
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": _uri(settings, run, names.BATCH_INPUT_JSONL.rsplit("/", 1)[0] + "/"),
                }
            },
            "ContentType": "application/json",
            "CompressionType": "None",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": _uri(settings, run, names.BATCH_OUTPUT_PREFIX),
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {
            "InstanceType": cast("TransformInstanceTypeType", settings.batch_instance_type),
            "InstanceCount": 1,  # SageMaker gives each instance whole files, and the input is one
        },
        "Tags": _tags(settings, run),
    }


def _variant(settings: Settings, run: Run) -> "ProductionVariantTypeDef":
    variant: ProductionVariantTypeDef = {
        "VariantName": names.variant_name(run.run_id),
        "ModelName": names.resource_name(settings.resource_prefix, run.run_id),
    }
    if settings.endpoint_mode == "serverless":
        variant["ServerlessConfig"] = {
            "MemorySizeInMB": settings.endpoint_memory_mb,
            "MaxConcurrency": settings.endpoint_max_concurrency,
        }
    else:
        variant["InstanceType"] = cast("ProductionVariantInstanceTypeType", settings.endpoint_instance_type)
        variant["InitialInstanceCount"] = settings.endpoint_instance_count
        variant["InitialVariantWeight"] = 1.0
    return variant


def endpoint_config(settings: Settings, run: Run) -> "CreateEndpointConfigInputTypeDef":
    """Build CreateEndpointConfig: one variant, named after the run so that answers name it too."""
    return {
        "EndpointConfigName": names.resource_name(settings.resource_prefix, run.run_id),
        "ProductionVariants": [_variant(settings, run)],
        "Tags": _tags(settings, run),
    }


def endpoint(settings: Settings, run: Run) -> "CreateEndpointInputTypeDef":
    """Build CreateEndpoint for the stack's one endpoint."""
    return {
        "EndpointName": settings.endpoint_name,
        "EndpointConfigName": names.resource_name(settings.resource_prefix, run.run_id),
        "Tags": [{"Key": "retailrec:stack", "Value": settings.stack_name}],
    }
