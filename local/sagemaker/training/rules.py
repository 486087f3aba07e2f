"""Rules for training jobs that the service model cannot express."""

from local.sagemaker.account.records import Document
from local.sagemaker.errors import ServiceError, validation
from local.sagemaker.s3 import S3Uri
from local.sagemaker.training import checkpoints, metrics

MAX_SECONDS = 86400  # that a job may run which does not say


def check(request: Document, account: str) -> None:
    """Apply the rules that the service model cannot express."""
    algorithm = request.get("AlgorithmSpecification")
    if not algorithm or not request.get("ResourceConfig"):
        raise validation("AlgorithmSpecification and ResourceConfig are required.")
    image, name = algorithm.get("TrainingImage"), algorithm.get("AlgorithmName")
    if (image is None) == (name is None):
        raise validation(
            "You must specify exactly one of AlgorithmSpecification.TrainingImage and "
            "AlgorithmSpecification.AlgorithmName."
        )
    if _from_marketplace(name, account) and not request.get("EnableNetworkIsolation"):
        raise validation(
            f"Algorithm {name} is an AWS Marketplace algorithm: EnableNetworkIsolation must be set to true."
        )
    for definition in algorithm.get("MetricDefinitions", []):
        metrics.compiled(definition)
    S3Uri.parse(request["OutputDataConfig"]["S3OutputPath"])
    channels = request.get("InputDataConfig", [])
    names = [channel["ChannelName"] for channel in channels]
    if len(set(names)) < len(names):
        raise validation(f"Channel names must be unique: {', '.join(names)}")
    for channel in channels:
        _check_channel(channel, algorithm)
    checkpoints.check(request)
    _check_spot(request)


def _from_marketplace(name: str | None, account: str) -> bool:
    """An algorithm of another account's can only come from the Marketplace."""
    return name is not None and name.startswith("arn:") and name.split(":")[4] != account


def _check_channel(channel: Document, algorithm: Document) -> None:
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise _unsupported("DataSource without S3DataSource")
    S3Uri.parse(source["S3Uri"])
    if source["S3DataType"] != "S3Prefix":
        raise _unsupported(f"S3DataType {source['S3DataType']}")
    if channel.get("InputMode", algorithm["TrainingInputMode"]) == "Pipe":
        raise _unsupported("TrainingInputMode Pipe")
    if channel.get("CompressionType", "None") != "None":
        raise validation("CompressionType must be None in File mode.")


def _check_spot(request: Document) -> None:
    condition = request.get("StoppingCondition", {})
    wait = condition.get("MaxWaitTimeInSeconds")
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise validation("MaxWaitTimeInSeconds above 0 needs EnableManagedSpotTraining.")
    elif wait is None or wait < condition.get("MaxRuntimeInSeconds", MAX_SECONDS):
        raise validation(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds."
        )


def _unsupported(what: str) -> ServiceError:
    """Refuse what would otherwise be ignored."""
    return validation(f"{what} is not supported by the local SageMaker.")
