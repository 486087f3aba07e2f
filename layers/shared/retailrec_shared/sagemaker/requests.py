"""The requests that the pipeline sends to SageMaker, built by pure functions.

Field limits and the algorithm's contract: docs/architecture.md, "The algorithm".
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from retailrec_shared.core import names
from retailrec_shared.core.events import ModelApproved
from retailrec_shared.core.marketplace_limits import endpoint_kind
from retailrec_shared.core.settings import Settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run

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
# After an InternalServerError, by SageMaker itself.
RETRIES = 3

# What our own image logs as "metric: NAME = VALUE", at most 40 of them, as SageMaker allows; metrics.json in
# the artifact holds them all. A Marketplace algorithm brings metric definitions of its own and takes none.
METRICS = (
    CONTRACT_METRIC,
    "p@k(10)_se",
    "p@k(10)_new_items",
    "p@k(10)_new_items_se",
    "p@k(10)_without_recency",
    "p@k(10)_in_sample",
    "p@k(10)_popularity",
    "p@k(10)_popularity_new_items",
    "p@k(10)_own_items",
    "p@k(10)_own_recent",
    "ndcg@20",
    "ndcg@20_se",
    "ndcg@20_new_items",
    "ndcg@20_new_items_se",
    "ndcg@20_popularity",
    "ndcg@20_popularity_new_items",
    "ndcg@20_own_recent",
    "recall@20",
    "recall@20_new_items",
    "map@20",
    "map@20_new_items",
    "hit_rate@20",
    "hit_rate@20_new_items",
    "coverage@20",
    "coverage@20_new_items",
    "novelty@20",
    "users_evaluated",
    "users_unknown",
    "cold_users_share",
    "fit_seconds",
    "train_auc",
    "epoch_p@k(10)",
    *(
        f"candidate_ndcg@20{ending}_{algorithm}"
        for algorithm in ("bpr", "als", "ease", "popularity")
        for ending in ("_new_items", "")
    ),
)


def metric_regex(name: str) -> str:
    """Regular expression that finds a metric in our image's log.

    Written without re.escape's backslashes before harmless characters:
    CloudWatch's engine is not Python's.
    """
    escaped = "".join(f"\\{char}" if char in "().+*?[]{}|^$\\" else char for char in name)
    return f"metric: {escaped} = ([0-9.eE+-]+)"


def metric_definitions(of: Iterable[str]) -> list[Any]:
    """Build the metric definitions for our image's log."""
    return [{"Name": name, "Regex": metric_regex(name)} for name in of]


def job_name(settings: Settings, run: Run, stage: Stage) -> str:
    """Return the name of the job that a stage's present attempt creates; of Stage.APPROVE, of its model."""
    return names.resource_name(settings.resource_prefix, run.run_id, run.attempt(stage))


def serving_name(settings: Settings, run: Run) -> str:
    """Return the name of the model and of the config that the endpoint has when it serves a run."""
    if endpoint_kind(settings, run.algorithm) == "serverless":
        return names.serverless_name(settings.resource_prefix, run.run_id, run.attempt(Stage.APPROVE))
    return job_name(settings, run, Stage.APPROVE)


def model_approved(run: Run, settings: Settings) -> ModelApproved:
    """Build the event of an approved run, which names its model."""
    return ModelApproved(
        run_id=run.run_id, model_name=job_name(settings, run, Stage.APPROVE), metrics=run.metrics
    )


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
            "MetricDefinitions": metric_definitions(METRICS),
        }
    request: CreateTrainingJobRequestTypeDef = {
        "TrainingJobName": job_name(settings, run, Stage.TRAIN),
        "AlgorithmSpecification": algorithm,
        "RoleArn": settings.sagemaker_role_arn,
        "HyperParameters": run.hyperparameters,
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
        # Of all attempts together, where SageMaker tries again after an error of its own.
        "StoppingCondition": {"MaxRuntimeInSeconds": settings.training_max_seconds},
        "RetryStrategy": {"MaximumRetryAttempts": RETRIES},
        # Marketplace algorithms insist on isolation; ours needs no network either.
        "EnableNetworkIsolation": True,
        "Tags": _tags(settings, run),
    }
    if settings.training_spot == "on" and not run.of_marketplace:
        _on_spot_instances(request, settings, run)
    return request


def _on_spot_instances(request: "CreateTrainingJobRequestTypeDef", settings: Settings, run: Run) -> None:
    """Use spot instances: an interrupted job waits for another one, and continues from its checkpoints."""
    request["EnableManagedSpotTraining"] = True
    request["CheckpointConfig"] = {"S3Uri": _uri(settings, run, names.CHECKPOINTS_PREFIX + "/")}
    # Waiting and running together: SageMaker refuses less than the running alone.
    request["StoppingCondition"]["MaxWaitTimeInSeconds"] = max(
        settings.training_max_seconds, settings.training_max_wait_seconds
    )


def models(settings: Settings, run: Run, artifact: str) -> "list[CreateModelInputTypeDef]":
    """Build CreateModel for each model of a run: of our own image and ``artifact``, or of a model package.

    The batch's model has no network; an endpoint on instances serves it too. Serverless Inference excludes
    network isolation, so a serverless endpoint has a model of its own without it:
    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """
    isolated = _model(settings, run, job_name(settings, run, Stage.APPROVE), artifact)
    serving = serving_name(settings, run)
    if serving == isolated["ModelName"]:
        return [isolated]
    return [isolated, {**isolated, "ModelName": serving, "EnableNetworkIsolation": False}]


def _model(settings: Settings, run: Run, name: str, artifact: str) -> "CreateModelInputTypeDef":
    if run.of_marketplace:
        container: ContainerDefinitionTypeDef = {"ModelPackageName": name}
    else:
        container = {"Image": run.algorithm, "ModelDataUrl": artifact}
    return {
        "ModelName": name,
        "PrimaryContainer": container,
        "ExecutionRoleArn": settings.sagemaker_role_arn,
        "EnableNetworkIsolation": True,  # Marketplace models insist on it
        "Tags": _tags(settings, run),
    }


def model_package(settings: Settings, run: Run, artifact: str) -> "CreateModelPackageInputTypeDef":
    """Build CreateModelPackage: a Marketplace algorithm's artifact becomes a model by this way alone."""
    return {
        "ModelPackageName": job_name(settings, run, Stage.APPROVE),
        "SourceAlgorithmSpecification": {
            "SourceAlgorithms": [{"AlgorithmName": run.algorithm, "ModelDataUrl": artifact}]
        },
        "Tags": _tags(settings, run),
    }


def transform_job(settings: Settings, run: Run) -> "CreateTransformJobRequestTypeDef":
    """Build CreateTransformJob over every customer of a run; the output is the same by either strategy."""
    request: CreateTransformJobRequestTypeDef = {
        "TransformJobName": job_name(settings, run, Stage.BATCH),
        "ModelName": job_name(settings, run, Stage.APPROVE),
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
    if not run.of_marketplace:  # whose contract is SingleRecord
        # 1 MB holds some 20,000 customers: several bodies for several workers where there are many
        # customers. How many to send at once, the container says.
        request |= {"BatchStrategy": "MultiRecord", "MaxPayloadInMB": 1}
    return request


def _variant(settings: Settings, run: Run) -> "ProductionVariantTypeDef":
    variant: ProductionVariantTypeDef = {
        "VariantName": names.variant_name(run.run_id),
        "ModelName": serving_name(settings, run),
    }
    if endpoint_kind(settings, run.algorithm) == "serverless":
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
        "EndpointConfigName": serving_name(settings, run),
        "ProductionVariants": [_variant(settings, run)],
        "Tags": _tags(settings, run),
    }


def endpoint(settings: Settings, run: Run) -> "CreateEndpointInputTypeDef":
    """Build CreateEndpoint for the stack's one endpoint."""
    return {
        "EndpointName": settings.endpoint_name,
        "EndpointConfigName": serving_name(settings, run),
        "Tags": [{"Key": "retailrec:stack", "Value": settings.stack_name}],
    }
