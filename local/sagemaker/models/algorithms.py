"""Algorithms: their description, and the check of training jobs that use one."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document
from local.sagemaker.errors import ServiceError, validation
from local.sagemaker.models import marketplace
from local.sagemaker.settings import Settings

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe an algorithm."""
    return find(cloud, request["AlgorithmName"])


def find(cloud: "Cloud", name: str) -> Document:
    """Return an algorithm's description; raises SageMaker's error for an unknown or unsubscribed one."""
    return _find(cloud.settings, name, subscribed=not cloud.faults.unsubscribed)


def _find(settings: Settings, name: str, *, subscribed: bool) -> Document:
    arn = name if name.startswith("arn:") else settings.arn("algorithm", name)
    region = arn.split(":")[3]
    if region != settings.region:
        raise validation(f"ARN should be scoped to correct region: {settings.region}")
    if arn != marketplace.arn(settings):
        raise validation(f"Algorithm {arn} does not exist.")
    if not subscribed:
        raise not_subscribed()
    return marketplace.describe(settings)


def not_subscribed() -> ServiceError:
    """Refuse a Marketplace product that the account has no subscription to."""
    return validation("Caller is not subscribed to the marketplace offering.")


def check_job(cloud: "Cloud", request: Document) -> None:
    """Refuse a training job that its algorithm does not support."""
    name = request["AlgorithmSpecification"].get("AlgorithmName")
    if name is None:
        return
    problems = list(job_problems(find(cloud, name), request))
    if problems:
        raise validation(" ".join(problems))


def job_problems(algorithm: Document, request: Document) -> Iterator[str]:
    """Yield a sentence for each setting of a training job that its algorithm does not support."""
    offered = algorithm["TrainingSpecification"]
    resources = request["ResourceConfig"]
    if request["AlgorithmSpecification"].get("MetricDefinitions"):
        yield "MetricDefinitions cannot be specified with AlgorithmName: the algorithm brings its own."
    if resources["InstanceType"] not in offered["SupportedTrainingInstanceTypes"]:
        yield f"Instance type {resources['InstanceType']} is not supported by the algorithm for training."
    if resources["InstanceCount"] > 1 and not offered["SupportsDistributedTraining"]:
        yield "The algorithm does not support distributed training: InstanceCount must be 1."
    yield from _hyperparameter_problems(offered, request.get("HyperParameters", {}))
    yield from _channel_problems(offered, request)
    if request.get("EnableManagedSpotTraining") or request.get("CheckpointConfig"):
        yield "Managed spot training and checkpoints are not supported by the algorithm."


def _hyperparameter_problems(offered: Document, given: Document) -> Iterator[str]:
    known = {each["Name"]: each for each in offered["SupportedHyperParameters"]}
    for name, value in given.items():
        if name not in known:
            yield f"Hyperparameter {name} is not supported by the algorithm."
        elif not allowed(known[name], value):
            yield f"Hyperparameter {name} has the value {value!r}, outside of its range."


def allowed(parameter: Document, value: str) -> bool:
    """Return whether a value is of a hyperparameter's type and in its range."""
    ranges = parameter["Range"]
    if categorical := ranges.get("CategoricalParameterRangeSpecification"):
        return value in categorical["Values"]
    bounds = (
        ranges.get("IntegerParameterRangeSpecification") or ranges["ContinuousParameterRangeSpecification"]
    )
    try:
        number = float(int(value)) if parameter["Type"] == "Integer" else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    return float(bounds["MinValue"]) <= number <= float(bounds["MaxValue"])


def _channel_problems(offered: Document, request: Document) -> Iterator[str]:
    known = {each["Name"]: each for each in offered["TrainingChannels"]}
    given = {each["ChannelName"]: each for each in request.get("InputDataConfig", [])}
    for name, channel in known.items():
        if channel["IsRequired"] and name not in given:
            yield f"Channel {name} is required by the algorithm."
    for name, asked in given.items():
        if name not in known:
            yield f"Channel {name} is not supported by the algorithm."
        elif (kind := asked.get("ContentType")) and kind not in known[name]["SupportedContentTypes"]:
            yield f"Content type {kind} of channel {name} is not supported by the algorithm."


OPERATIONS = (Operation("DescribeAlgorithm", describe, (("algorithm", "AlgorithmName"),)),)
