"""The buckets, roles and log groups of a stack: each is asked whose it is before it counts as the stack's."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec.client.problems import Problem
from retailrec.removal.identity import CLOUDFORMATION_TAG, OWN_TAG, SAGEMAKER_TAG, Client, Identity
from retailrec_shared.core import names
from retailrec_shared.core.aws import error_code, says_missing

_GONE = {"NoSuchBucket", "404", "NoSuchEntity", "ResourceNotFoundException"}
_DENIED = {"AccessDenied", "AccessDeniedException", "403"}


class Sorted(NamedTuple):
    """What is the stack's own, what an earlier stack of its name left, and what only has such a name."""

    own: list[str]
    earlier: list[str]
    doubtful: list[str]


def buckets(client: Client, identity: Identity) -> Sorted:
    """Sort the buckets in the stack's record and those with such names by CloudFormation's tag on them."""
    s3 = client("s3")
    named = {
        each["Name"]
        for page in s3.get_paginator("list_buckets").paginate()
        for each in page.get("Buckets", [])
        if any(f"-{part}-" in each["Name"] for part in ("rawbucket", "databucket"))
    }
    owners = {
        name: _owner_of_bucket(s3, name, identity) for name in {*named, *identity.recorded("AWS::S3::Bucket")}
    }
    # Others have buckets with such names too: only those that begin as this stack's would are worth a word.
    prefix = f"{identity.name.lower()}-"
    return _sort(
        identity,
        {name: owner for name, owner in owners.items() if owner is not None},
        [name for name, owner in owners.items() if owner == "" and _is_like(prefix, name)],
    )


def _is_like(prefix: str, name: str) -> bool:
    return name.startswith((f"{prefix}rawbucket-", f"{prefix}databucket-"))


def _owner_of_bucket(s3: Any, bucket: str, identity: Identity) -> str | None:
    """Return the stack id in a bucket's tags, ``None`` if the bucket is not in this region.

    It is empty without such a tag, and where the tags may not be read.

    Nothing is asked of, and nothing done to, a bucket of another account.
    """
    mine = {"Bucket": bucket, "ExpectedBucketOwner": identity.account}
    try:
        place = s3.get_bucket_location(**mine).get("LocationConstraint") or "us-east-1"
        if {"EU": "eu-west-1"}.get(place, place) != identity.region:
            return None
        tags = s3.get_bucket_tagging(**mine)["TagSet"]
    except ClientError as error:
        if error_code(error) == "NoSuchTagSet":
            return ""
        if error_code(error) in _GONE:
            return None
        if error_code(error) in _DENIED:
            if bucket in set(identity.recorded("AWS::S3::Bucket")):
                raise Problem(
                    f"You may not look up whose the bucket {bucket} is: ask for s3:GetBucketLocation and "
                    "s3:GetBucketTagging (docs/permissions.md)."
                ) from error
            return ""
        raise
    return str({tag["Key"]: tag["Value"] for tag in tags}.get(CLOUDFORMATION_TAG, ""))


def _sort(identity: Identity, owners: Mapping[str, str], doubtful: Iterable[str]) -> Sorted:
    own = sorted(name for name, owner in owners.items() if owner and identity.owns(owner))
    earlier = sorted(
        name
        for name, owner in owners.items()
        if owner and identity.is_namesake(owner) and not identity.owns(owner)
    )
    return Sorted(own, earlier, sorted(doubtful))


def log_roles(client: Client, identity: Identity) -> Sorted:
    """Sort the roles for API Gateway's logs by the template's tag on them; roles are of all regions.

    Those of the stack's record have a random name, so they are its own without the tag too, which stacks of
    earlier releases do not have.
    """
    iam = client("iam")
    recorded = {
        each.physical
        for each in identity.resources
        if (each.kind, each.logical) == ("AWS::IAM::Role", "ApiLogsRole") and each.physical
    }
    named = [
        role["RoleName"]
        for page in iam.get_paginator("list_roles").paginate()
        for role in page["Roles"]
        if role["RoleName"] in recorded or "-ApiLogsRole-" in role["RoleName"]
    ]
    owners = {name: owner for name in named if (owner := _owner_of_role(iam, name)) is not None}
    untagged = {name for name, owner in owners.items() if not owner}
    alike = (name for name in untagged - recorded if name.startswith(f"{identity.name}-ApiLogsRole-"))
    sorted_ = _sort(identity, owners, alike)
    return sorted_._replace(own=sorted({*sorted_.own, *(untagged & recorded)}))


def _owner_of_role(iam: Any, role: str) -> str | None:
    """Return the stack id in a role's tags, empty where there is none or it may not be read; None if gone."""
    try:
        tags = iam.list_role_tags(RoleName=role)["Tags"]
    except ClientError as error:
        if error_code(error) in _GONE:
            return None
        if error_code(error) in _DENIED:
            return ""
        raise
    return str({tag["Key"]: tag["Value"] for tag in tags}.get(OWN_TAG, ""))


def log_groups(client: Client, identity: Identity, endpoint: bool | None) -> Sorted:
    """Sort the log groups of the functions, of the API and of the endpoint.

    A function that logs late creates its group again, without tags: it is the stack's if the record has it.
    ``endpoint`` is whether the endpoint of that name is the stack's by its tag; None if there is none.
    """
    logs = client("logs")
    recorded = set(identity.recorded("AWS::Logs::LogGroup"))
    apis = {f"API-Gateway-Execution-Logs_{api}/v1" for api in identity.recorded("AWS::ApiGateway::RestApi")}
    usual = {f"/retailrec/{identity.name}/functions", f"/retailrec/{identity.name}/api"}
    of_endpoint = f"/aws/sagemaker/Endpoints/{names.resource_prefix(identity.name)}endpoint"
    own, earlier, doubtful = list[str](), list[str](), list[str]()
    for name in sorted({*recorded, *apis, *usual, of_endpoint}):
        found = _log_group(logs, name)
        if found is None:
            continue
        if name == of_endpoint:
            known = bool(identity.resources) if endpoint is None else endpoint
            (own if known else doubtful).append(name)
            continue
        tags = logs.list_tags_for_resource(resourceArn=found["arn"].removesuffix(":*"))["tags"]
        owner = tags.get(CLOUDFORMATION_TAG, "")
        if owner:
            (own if identity.owns(owner) else earlier).append(name)
        else:
            (own if name in recorded or name in apis else doubtful).append(name)
    return Sorted(own, earlier, doubtful)


def _log_group(logs: Any, name: str) -> Any:
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
        for group in page["logGroups"]:
            if group["logGroupName"] == name:
                return group
    return None


def is_the_stacks(sagemaker: Any, arn: str, stack: str) -> bool:
    """Return whether a resource of SageMaker bears the stack's tag; one that is gone does not."""
    try:
        pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        return any(
            (tag["Key"], tag["Value"]) == (SAGEMAKER_TAG, stack) for page in pages for tag in page["Tags"]
        )
    except ClientError as error:
        if says_missing(error):
            return False
        raise


def sort_by_tag(sagemaker: Any, found: Iterator[tuple[str, str]], stack: str) -> tuple[list[str], list[str]]:
    """Split names of SageMaker's resources, each with its ARN, into the stack's and those without its tag."""
    own, doubtful = list[str](), list[str]()
    for name, arn in found:
        (own if is_the_stacks(sagemaker, arn, stack) else doubtful).append(name)
    return sorted(own), sorted(doubtful)
