"""Finding a stack's resources, in the stack and outside of it, in any state."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from retailrec.removal import owned
from retailrec.removal.identity import Client, Identity
from retailrec_shared.core import names


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
    roles: list[str] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)  # of a deleted stack of the name, while there is another
    doubtful: list[str] = field(
        default_factory=list
    )  # has such a name, and nothing shows that it is the stack's

    @property
    def outside(self) -> list[str]:
        """Names of what deleting the stack does not remove, and of jobs that would run on without it."""
        return [
            *self.endpoints, *self.endpoint_configs, *self.models,
            *self.model_packages, *self.training_jobs, *self.transform_jobs, *self.tuning_jobs,
        ]  # fmt: skip

    def nothing(self, data: bool) -> bool:
        """Return whether there is nothing to remove."""
        return not (self.status or self.outside or self.log_groups or self.roles or (data and self.buckets))


def find(identity: Identity, client: Client, deleted: bool = False) -> Found:
    """Find a stack's resources: those of its record, and those with its tags.

    ``deleted`` is whether the stack was deleted since it was identified.
    """
    found = find_in_sagemaker(identity, client)
    buckets = owned.buckets(client, identity)
    of_others = f"{names.resource_prefix(identity.name)}endpoint" in found.doubtful
    groups = owned.log_groups(client, identity, True if found.endpoints else False if of_others else None)
    roles = owned.log_roles(client, identity)
    return replace(
        found,
        status=None if deleted else identity.status,
        rules=[] if deleted else list(_rules(identity)),
        buckets=buckets.own,
        log_groups=groups.own,
        roles=roles.own,
        earlier=[*buckets.earlier, *groups.earlier, *roles.earlier],
        doubtful=[*found.doubtful, *buckets.doubtful, *groups.doubtful, *roles.doubtful],
    )


def find_in_sagemaker(identity: Identity, client: Client) -> Found:
    """Find what a stack's functions made in SageMaker, by its tags: names only narrow the search."""
    stack, prefix = identity.name, names.resource_prefix(identity.name)
    sagemaker = client("sagemaker")
    doubtful: list[str] = []

    def ours(operation: str, member: str, kind: str, only: str | None = None, **more: str) -> list[str]:
        """List a type's resources that have such a name, and of these the ones with the stack's tag."""
        pages = sagemaker.get_paginator(operation).paginate(NameContains=only or prefix, **more)
        listed = ((each[f"{kind}Name"], each[f"{kind}Arn"]) for page in pages for each in page[member])
        named = (
            (name, arn)
            for name, arn in listed
            if (name == only if only else names.run_of_resource(prefix, name))
        )
        own, others = owned.sort_by_tag(sagemaker, named, stack)
        doubtful.extend(others)
        return own

    at_work = {"StatusEquals": "InProgress"}
    searches = list(_tuning_jobs(sagemaker, stack))
    return Found(
        stack=stack,
        status=None,
        endpoints=ours("list_endpoints", "Endpoints", "Endpoint", f"{prefix}endpoint"),
        endpoint_configs=ours("list_endpoint_configs", "EndpointConfigs", "EndpointConfig"),
        models=ours("list_models", "Models", "Model"),
        model_packages=ours(
            "list_model_packages", "ModelPackageSummaryList", "ModelPackage", ModelPackageType="Unversioned"
        ),
        training_jobs=ours("list_training_jobs", "TrainingJobSummaries", "TrainingJob", **at_work),
        transform_jobs=ours("list_transform_jobs", "TransformJobSummaries", "TransformJob", **at_work),
        tuning_jobs=sorted(name for name, status in searches if status == "InProgress"),
        searches=sorted(name for name, _ in searches),
        doubtful=doubtful,
    )


def _tuning_jobs(sagemaker: Any, stack: str) -> Iterator[tuple[str, str]]:
    """Yield the stack's tuning jobs and their status, by their tags: their names hold no stack's name."""
    pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs")
    for page in pages.paginate(NameContains=names.TUNING_PREFIX):
        for job in page["HyperParameterTuningJobSummaries"]:
            if owned.is_the_stacks(sagemaker, job["HyperParameterTuningJobArn"], stack):
                yield job["HyperParameterTuningJobName"], job["HyperParameterTuningJobStatus"]


def _rules(identity: Identity) -> Iterator[tuple[str, str]]:
    """Yield the rules of a stack: CloudFormation's id of one on a bus of its own is BUS|RULE."""
    for each in identity.resources:
        if each.kind == "AWS::Events::Rule" and each.physical and each.status != "DELETE_COMPLETE":
            bus, _, name = each.physical.rpartition("|")
            yield name.rpartition("/")[2], bus or "default"
