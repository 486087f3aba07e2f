"""Models: create, describe, list, delete."""

from typing import TYPE_CHECKING

from local.sagemaker import listing
from local.sagemaker.errors import validation
from local.sagemaker.iam import AccessRefused
from local.sagemaker.operations import Operation
from local.sagemaker.records import Document, Model
from local.sagemaker.s3 import S3Uri
from local.sagemaker.tags import tags_of

if TYPE_CHECKING:
    from local.sagemaker.cloud import Cloud


async def create(cloud: "Cloud", request: Document) -> Document:
    """Keep a model; like SageMaker, look first whether its data is there and its role may read it."""
    shelf, name = cloud.store.models, request["ModelName"]
    if ("PrimaryContainer" in request) == bool(request.get("Containers")):
        raise validation("You must specify exactly one of PrimaryContainer and Containers.")
    if len(request.get("Containers", [])) > 1:
        raise validation("Models of several containers are not supported by the local SageMaker.")
    model = Model(name=name, arn=shelf.arn(name), request=request, tags=tags_of(request))
    if "Image" not in model.container:
        raise validation(
            "Container image is required; model packages are not supported by the local SageMaker."
        )
    shelf.check_free(name)
    await _check_data(cloud, model)
    shelf.add(model)
    return {"ModelArn": model.arn}


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
    """Forget a model; endpoints that serve it go on serving."""
    cloud.store.models.remove(request["ModelName"])
    return {}


NAMED = (("model", "ModelName"),)
OPERATIONS = (
    Operation("CreateModel", create, NAMED),
    Operation("DescribeModel", describe, NAMED),
    Operation("ListModels", list_models),
    Operation("DeleteModel", delete, NAMED),
)
