"""Tags: on every resource, by its ARN."""

from typing import TYPE_CHECKING

from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document
from local.sagemaker.errors import validation

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

MAX_TAGS = 50


def tags_of(request: Document) -> dict[str, str]:
    """Read the tags of a request; a key must not come twice."""
    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
    if len(tags) < len(request.get("Tags", [])):
        raise validation("Duplicate tag keys found. Please note that tag keys are case insensitive.")
    return tags


async def add(cloud: "Cloud", request: Document) -> Document:
    """Add tags to a resource, replacing those of the same key."""
    resource = cloud.store.by_arn(request["ResourceArn"])
    tags = resource.tags | tags_of(request)
    if len(tags) > MAX_TAGS:
        raise validation(f"A resource can have {MAX_TAGS} tags at most.")
    resource.tags = tags
    return {"Tags": _listed(tags)}


async def list_tags(cloud: "Cloud", request: Document) -> Document:
    """List a resource's tags, all on one page: there are never more than 50."""
    return {"Tags": _listed(cloud.store.by_arn(request["ResourceArn"]).tags)}


def _listed(tags: dict[str, str]) -> list[Document]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


OPERATIONS = (
    Operation("AddTags", add, (("", "ResourceArn"),)),
    Operation("ListTags", list_tags, (("", "ResourceArn"),)),
)
