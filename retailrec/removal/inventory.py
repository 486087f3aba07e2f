"""Finding a stack's resources, in the stack and outside of it, in any state."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from retailrec_shared.core import names

Client = Callable[[str], Any]

_BUCKETS = {"rawbucket": "RawBucket", "databucket": "DataBucket"}


@dataclass(frozen=True)
class Found:
    """Everything that a removal deletes, by name."""

    stack: str
    status: str | None  # of CloudFormation; None if there is no such stack
    rules: list[tuple[str, str]] = field(
        default_factory=list
    )  # name and bus of the rules that invoke functions
    endpoints: list[str] = field(default_factory=list)
    endpoint_configs: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    model_packages: list[str] = field(default_factory=list)
    training_jobs: list[str] = field(default_factory=list)  # in progress
    transform_jobs: list[str] = field(default_factory=list)
    tuning_jobs: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)  # tuning jobs in any state
    buckets: list[str] = field(default_factory=list)
    log_groups: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """Names of what deleting the stack does not remove, and of jobs that would run on without it."""
        return [
            *self.endpoints, *self.endpoint_configs, *self.models,
            *self.model_packages, *self.training_jobs, *self.transform_jobs, *self.tuning_jobs,
        ]  # fmt: skip

    def nothing(self, data: bool) -> bool:
        """Return whether there is nothing to remove."""
        return not (self.status or self.outside or self.log_groups or (data and self.buckets))


def find(stack: str, client: Client) -> Found:
    """Find a stack and all resources with its name; raises ValueError for an invalid name."""
    prefix = names.resource_prefix(stack)
    sagemaker = client("sagemaker")

    def ours(found: Iterator[str]) -> list[str]:
        return sorted(name for name in found if names.run_of_resource(prefix, name))

    def listed(operation: str, field_: str, name: str, **more: str) -> Iterator[str]:
        for page in sagemaker.get_paginator(operation).paginate(NameContains=prefix, **more):
            yield from (each[name] for each in page[field_])

    status = _status(client("cloudformation"), stack)
    at_work = {"StatusEquals": "InProgress"}
    return Found(
        stack=stack,
        status=status,
        rules=list(_rules(client, stack)) if status else [],
        endpoints=[
            name
            for name in listed("list_endpoints", "Endpoints", "EndpointName")
            if name == f"{prefix}endpoint"
        ],
        endpoint_configs=ours(listed("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName")),
        models=ours(listed("list_models", "Models", "ModelName")),
        model_packages=ours(
            listed(
                "list_model_packages",
                "ModelPackageSummaryList",
                "ModelPackageName",
                ModelPackageType="Unversioned",
            )
        ),
        training_jobs=ours(
            listed("list_training_jobs", "TrainingJobSummaries", "TrainingJobName", **at_work)
        ),
        transform_jobs=ours(
            listed("list_transform_jobs", "TransformJobSummaries", "TransformJobName", **at_work)
        ),
        tuning_jobs=sorted(_tuning_jobs(sagemaker, stack, **at_work)),
        searches=sorted(_tuning_jobs(sagemaker, stack)),
        buckets=list(_buckets(client, stack)),
        log_groups=list(_log_groups(client("logs"), stack)),
    )


def _tuning_jobs(sagemaker: Any, stack: str, **more: str) -> Iterator[str]:
    """Yield the stack's tuning jobs by their tags: their names are too short for a stack's name."""
    pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs")
    for page in pages.paginate(NameContains=names.TUNING_PREFIX, **more):
        for job in page["HyperParameterTuningJobSummaries"]:
            arn = job["HyperParameterTuningJobArn"]
            tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
            if tags.get("retailrec:stack") == stack:
                yield job["HyperParameterTuningJobName"]


def _status(cloudformation: Any, stack: str) -> str | None:
    try:
        return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _rules(client: Client, stack: str) -> Iterator[tuple[str, str]]:
    """Yield the rules of a stack: CloudFormation's id of one on a bus of its own is BUS|RULE."""
    for page in client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            gone = resource.get("ResourceStatus") == "DELETE_COMPLETE"
            if resource["ResourceType"] == "AWS::Events::Rule" and not gone:
                bus, _, name = resource["PhysicalResourceId"].rpartition("|")
                yield name.rpartition("/")[2], bus or "default"


def _buckets(client: Client, stack: str) -> Iterator[str]:
    """Yield the stack's buckets, even when the stack is gone: CloudFormation named them after it."""
    shape = re.compile(rf"{re.escape(stack.lower())}-({'|'.join(_BUCKETS)})-[a-z0-9]+")
    for bucket in client("s3").list_buckets()["Buckets"]:
        if shape.fullmatch(bucket["Name"]):
            yield bucket["Name"]


def _log_groups(logs: Any, stack: str) -> Iterator[str]:
    """Yield the stack's log groups: a function that logs late creates its group again."""
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/retailrec/{stack}/"):
        yield from (group["logGroupName"] for group in page["logGroups"])
