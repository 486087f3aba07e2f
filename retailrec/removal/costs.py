"""What the resources of a stack cost, at list prices.

The prices are those of docs/costs.md: us-east-1, without free tiers. They are for comparison; the
account's bill has the actual costs.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec.removal.identity import Client
from retailrec.removal.inventory import Found

HOURS = 730  # of a month
GB = 1e9
# USD an hour; the same for training jobs, transform jobs and endpoints.
INSTANCE_HOUR = {
    "ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.m5.2xlarge": 0.461, "ml.m5.4xlarge": 0.922,
    "ml.c5.large": 0.102, "ml.c5.xlarge": 0.204, "ml.c5.2xlarge": 0.408, "ml.c5.4xlarge": 0.816,
    "ml.t2.medium": 0.056, "ml.t3.medium": 0.05, "ml.m4.xlarge": 0.24, "ml.c4.xlarge": 0.239,
}  # fmt: skip
S3_GB_MONTH = 0.023
DYNAMODB_GB_MONTH = 0.25
ALARM_MONTH = 0.10
SERVERLESS = "nothing without requests"


class Cost(NamedTuple):
    """USD of one resource: per month of storage, or per hour of work; or a text instead of a price."""

    month: float = 0.0
    hour: float = 0.0
    text: str = ""

    def __str__(self) -> str:
        if self.text:
            return self.text
        if self.hour:
            return f"${self.hour:,.2f} an hour"
        return f"${self.month:,.2f} a month" if self.month >= 0.005 else "next to nothing"


UNKNOWN = Cost(text="not known")


def costs(found: Found, client: Client) -> Mapping[str, Cost]:
    """Return the cost of each resource by its name; one that is not listed is free."""
    sagemaker, costs = client("sagemaker"), dict[str, Cost]()
    for name in found.endpoints:
        costs[name] = _known(lambda name=name: _endpoint(sagemaker, name))  # type: ignore[misc]
    kinds: tuple[tuple[list[str], Callable[[Any, str], Cost]], ...] = (
        (found.training_jobs, _training),
        (found.tuning_jobs, _tuning),
        (found.transform_jobs, _transform),
    )
    for jobs, ask in kinds:
        for name in jobs:
            costs[name] = _known(lambda ask=ask, name=name: ask(sagemaker, name))  # type: ignore[misc]
    for name in found.buckets:
        costs[name] = _known(lambda name=name: _bucket(client("s3"), name))  # type: ignore[misc]
    if found.status:
        costs[found.stack] = _known(lambda: _stack(client, found.stack))
    return costs


def together(costs: Mapping[str, Cost]) -> Cost:
    """Add costs up."""
    return Cost(sum(cost.month for cost in costs.values()), sum(cost.hour for cost in costs.values()))


def _known(ask: Callable[[], Cost]) -> Cost:
    """Look up a cost; it is unknown if the resource is gone or the user may not read it."""
    try:
        return ask()
    except ClientError:
        return UNKNOWN


def _instances(kind: str, count: int) -> float | None:
    price = INSTANCE_HOUR.get(kind)
    return None if price is None else price * count


def _at_work(kind: str, count: int) -> Cost:
    hour = _instances(kind, count)
    return Cost(text=f"{count} {kind}, price not known") if hour is None else Cost(hour=hour)


def _endpoint(sagemaker: Any, name: str) -> Cost:
    endpoint = sagemaker.describe_endpoint(EndpointName=name)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    month = 0.0
    for variant in config["ProductionVariants"]:
        if "ServerlessConfig" in variant:
            return Cost(text=SERVERLESS)
        kind, count = variant["InstanceType"], variant["InitialInstanceCount"]
        hour = _instances(kind, count)
        if hour is None:
            return Cost(text=f"{count} {kind}, price not known")
        month += hour * HOURS
    return Cost(month)


def _training(sagemaker: Any, name: str) -> Cost:
    resources = sagemaker.describe_training_job(TrainingJobName=name)["ResourceConfig"]
    return _at_work(resources["InstanceType"], resources["InstanceCount"])


def _tuning(sagemaker: Any, name: str) -> Cost:
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    resources = job["TrainingJobDefinition"]["ResourceConfig"]
    at_once = job["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"]
    return _at_work(resources["InstanceType"], resources["InstanceCount"] * at_once)


def _transform(sagemaker: Any, name: str) -> Cost:
    resources = sagemaker.describe_transform_job(TransformJobName=name)["TransformResources"]
    return _at_work(resources["InstanceType"], resources["InstanceCount"])


def _bucket(s3: Any, bucket: str) -> Cost:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    size = sum(version["Size"] for page in pages for version in page.get("Versions", []))
    return Cost(size / GB * S3_GB_MONTH)


def _stack(client: Client, stack: str) -> Cost:
    return Cost(sum(_parts(client, stack)))


def _parts(client: Client, stack: str) -> Iterator[float]:
    for page in client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::CloudWatch::Alarm":
                yield ALARM_MONTH
            elif resource["ResourceType"] == "AWS::DynamoDB::Table" and "PhysicalResourceId" in resource:
                table = client("dynamodb").describe_table(TableName=resource["PhysicalResourceId"])["Table"]
                yield table.get("TableSizeBytes", 0) / GB * DYNAMODB_GB_MONTH
