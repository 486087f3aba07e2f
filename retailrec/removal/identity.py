"""The stack that is removed: its id, its record in CloudFormation, and what shows that something is its own.

A name shows nothing. Buckets and roles are global, so a stack of the same name in another region has some
that look alike; and anybody may give a resource such a name. A stack's id holds its account, region and name.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from retailrec.client.problems import Problem
from retailrec_shared.core import names

Client = Callable[[str], Any]

OWN_TAG = "retailrec:stack-id"  # the template's, on what CloudFormation puts no tag of its own on
CLOUDFORMATION_TAG = "aws:cloudformation:stack-id"  # nobody but CloudFormation can set or change it
SAGEMAKER_TAG = "retailrec:stack"  # the functions'; SageMaker's resources are of one account and region
_DESCRIPTION = "retailrec"
_PARAMETERS = {"AlgorithmArn", "AlgorithmImageUri"}
# CloudFormation refuses DeleteStack during every other change, the clean-up after an update included.
_DELETABLE_IN_PROGRESS = {"CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS"}
_LOGICAL_IDS = {"LedgerTable", "ServingTable"}
_STACK_ID = re.compile(
    r"arn:(?P<partition>[^:]+):cloudformation:(?P<region>[^:]+):(?P<account>\d+):stack/(?P<name>[^/]+)/.+"
)


@dataclass(frozen=True)
class Recorded:
    """One resource in CloudFormation's record of a stack; it may be deleted, or retained."""

    logical: str
    kind: str
    physical: str
    status: str


@dataclass(frozen=True)
class Identity:
    """A stack's name, the place that it is in, and its record, or those of its deleted namesakes there."""

    name: str
    region: str
    account: str
    partition: str
    id: str | None = None  # of the stack; None if there is none (any more)
    status: str | None = None
    resources: tuple[Recorded, ...] = field(default=())

    def owns(self, stack_id: str) -> bool:
        """Return whether a stack id in a tag is this stack's.

        If there is no such stack now, those of deleted stacks of the name in this account and region are too.
        """
        if self.id:
            return stack_id == self.id
        return self.is_namesake(stack_id)

    def is_namesake(self, stack_id: str) -> bool:
        """Return whether a stack id is that of any stack with this name, here, now or earlier."""
        found = _STACK_ID.fullmatch(stack_id)
        return bool(found) and (found["name"], found["region"], found["account"]) == (  # type: ignore[index]
            self.name, self.region, self.account,
        )  # fmt: skip

    def recorded(self, kind: str) -> Iterator[str]:
        """Yield the names of the resources of a type in the record that may still be there."""
        yield from (each.physical for each in self.resources if each.kind == kind and each.physical)

    def sagemaker_arn(self, kind: str, name: str) -> str:
        """Return the ARN of a resource of SageMaker, which writes names in lower case there."""
        return f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:{kind}/{name.lower()}"


def identify(stack: str, client: Client) -> Identity:
    """Find a stack by its name in one region, or the record of deleted ones.

    Raises ValueError for an invalid name, and Problem for a stack that may not or should not be removed.
    """
    names.resource_prefix(stack)
    formation, region = client("cloudformation"), client("sagemaker").meta.region_name
    caller = client("sts").get_caller_identity()
    place = Identity(stack, region, str(caller["Account"]), str(caller["Arn"]).split(":")[1])
    described = describe(formation, stack)
    if described is None:
        record = [each for stack_id in _deleted(formation, stack) for each in _record(formation, stack_id)]
        return _with(place, record)
    found = _with(place, list(_record(formation, described["StackId"])), described)
    _check_removable(found, described)
    return found


def _with(place: Identity, record: list[Recorded], described: Any = None) -> Identity:
    return Identity(
        place.name, place.region, place.account, place.partition,
        described["StackId"] if described else None,
        described["StackStatus"] if described else None,
        tuple(record),
    )  # fmt: skip


def describe(formation: Any, stack: str) -> Any:
    """Describe a stack by its name or id; ``None`` if there is none."""
    try:
        return formation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def looks_like_ours(described: Any) -> bool:
    """Return whether a stack has the template's description, or its parameters where it was rolled back."""
    given = {each["ParameterKey"] for each in described.get("Parameters", [])}
    return str(described.get("Description", "")).startswith(_DESCRIPTION) or given >= _PARAMETERS


def _deleted(formation: Any, stack: str) -> Iterator[str]:
    """Yield the ids of deleted stacks of a name; CloudFormation remembers them for 90 days."""
    for page in formation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"]):
        for each in page["StackSummaries"]:
            if each["StackName"] == stack:
                yield str(each["StackId"])


def _record(formation: Any, stack_id: str) -> Iterator[Recorded]:
    for page in formation.get_paginator("list_stack_resources").paginate(StackName=stack_id):
        for each in page["StackResourceSummaries"]:
            yield Recorded(
                each["LogicalResourceId"],
                each["ResourceType"],
                each.get("PhysicalResourceId", ""),
                each.get("ResourceStatus", ""),
            )


def _check_removable(found: Identity, described: Any) -> None:
    ours = looks_like_ours(described)
    if not ours and found.status == "REVIEW_IN_PROGRESS":
        raise Problem(
            f"{found.name} is REVIEW_IN_PROGRESS: none of it was deployed, so nothing shows whose it is. To "
            f"delete it: aws cloudformation delete-stack --stack-name {found.name} --region {found.region}"
        )
    if not ours and not _LOGICAL_IDS & {each.logical for each in found.resources}:
        raise Problem(
            f"{found.name} is no stack of retailrec, but of another application ({found.status}): check the "
            f"name and the region, {found.region}."
        )
    if described.get("EnableTerminationProtection"):
        raise Problem(
            f"{found.name} has termination protection: switch it off first (aws cloudformation "
            f"update-termination-protection --no-enable-termination-protection --stack-name {found.name} "
            f"--region {found.region})."
        )
    if str(found.status).endswith("_IN_PROGRESS") and found.status not in _DELETABLE_IN_PROGRESS:
        raise Problem(f"{found.name} is {found.status}: try again when it has ended.")
