"""Models: create, describe, list, delete."""

from typing import TYPE_CHECKING

from local.sagemaker.account import listing
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document, Model
from local.sagemaker.account.tags import tags_of
from local.sagemaker.errors import validation
from local.sagemaker.iam.iam import AccessRefused
from local.sagemaker.models import algorithms, packages
from local.sagemaker.s3 import S3Uri

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud


async def create(cloud: "Cloud", request: Document) -> Document:
    """Create a model; like SageMaker, check first that its data exists and that its role may read it."""
    registry, name = cloud.store.models, request["ModelName"]
    if ("PrimaryContainer" in request) == bool(request.get("Containers")):
        raise validation("You must specify exactly one of PrimaryContainer and Containers.")
    if len(request.get("Containers", [])) > 1:
        raise validation("Models of several containers are not supported by the local SageMaker.")
    model = Model(name=name, arn=registry.arn(name), request=request, tags=tags_of(request))
    if "ModelPackageName" in model.container:
        _take_package(cloud, model)
    if "Image" not in model.container:
        raise validation("Container image is required.")
    registry.check_free(name)
    await _check_data(cloud, model)
    registry.add(model)
    return {"ModelArn": model.arn}


def _take_package(cloud: "Cloud", model: Model) -> None:
    """Take image and artifact from a model package, and refuse one that is not Completed."""
    if {"Image", "ModelDataUrl"} & model.container.keys():
        raise validation("You must specify either ModelPackageName, or Image and ModelDataUrl.")
    package = packages.find(cloud, model.container["ModelPackageName"])
    if package.status != "Completed":
        raise validation(f"ModelPackage {package.arn} must be Completed, and is {package.status}.")
    model.package = package.container | {"Environment": model.container.get("Environment", {})}
    model.offered = package.specification
    if model.of_marketplace and cloud.faults.unsubscribed:
        raise algorithms.not_subscribed()
    if model.of_marketplace and not model.request.get("EnableNetworkIsolation"):
        raise validation(
            f"Model package {package.arn} is of an AWS Marketplace product: EnableNetworkIsolation must be "
            "set to true."
        )


async def _check_data(cloud: "Cloud", model: Model) -> None:
    url = model.container.get("ModelDataUrl")
    if url is None:
        return
    source = S3Uri.parse(url)
    role_arn = model.request.get("ExecutionRoleArn")
    try:
        role = await cloud.iam.execution_role(role_arn)
        role.check("s3:GetObject", source.arn)
    except AccessRefused as refused:
        raise validation(
            f'Could not access model data at {url}. Please ensure that the role "{role_arn}" exists and that '
            'its trust relationship policy allows the action "sts:AssumeRole" for the service principal '
            f'"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions. {refused}'
        ) from refused
    if not await cloud.s3.exists(source):
        raise validation(f"Could not find model data at {url}.")


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe a model."""
    model = cloud.store.models.find(request["ModelName"])
    return model.request | {
        "ModelArn": model.arn,
        "CreationTime": model.created,
        "EnableNetworkIsolation": model.request.get("EnableNetworkIsolation", False),
    }


async def list_models(cloud: "Cloud", request: Document) -> Document:
    """List models."""
    return listing.page(
        cloud.store.models,
        request,
        "Models",
        lambda model: {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created},
    )


async def delete(cloud: "Cloud", request: Document) -> Document:
    """Delete a model; endpoints that serve it keep it."""
    cloud.store.models.remove(request["ModelName"])
    return {}


def check_instance(model: Model, instance_type: str, member: str) -> None:
    """Refuse an instance type that a model package does not support; ``member`` says for what."""
    supported = (model.offered or {}).get(member)
    if supported is not None and instance_type not in supported:
        raise validation(
            f"Instance type {instance_type} is not supported by the model package. Supported: "
            f"{', '.join(supported)}."
        )


NAMED = (("model", "ModelName"),)
OPERATIONS = (
    Operation("CreateModel", create, NAMED),
    Operation("DescribeModel", describe, NAMED),
    Operation("ListModels", list_models),
    Operation("DeleteModel", delete, NAMED),
)
