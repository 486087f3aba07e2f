"""The control plane: AWS JSON 1.1, one operation per request."""

import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from local.sagemaker.account import tags
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document
from local.sagemaker.endpoints import configs as endpoint_configs
from local.sagemaker.endpoints import endpoints
from local.sagemaker.errors import ServiceError
from local.sagemaker.http import service_model, validation
from local.sagemaker.http.service_model import serialise
from local.sagemaker.iam.callers import Caller
from local.sagemaker.iam.policies import SERVICE, Access
from local.sagemaker.models import algorithms, models
from local.sagemaker.models import packages as model_packages
from local.sagemaker.s3 import S3Uri
from local.sagemaker.training import jobs as training
from local.sagemaker.transform import jobs as transform
from local.sagemaker.tuning import jobs as tuning

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

READING = ("Describe", "List")
TARGET = "SageMaker."
MEDIA_TYPE = "application/x-amz-json-1.1"
MODULES = (
    training, tuning, algorithms, model_packages, models, transform, endpoint_configs, endpoints, tags
)  # fmt: skip
OPERATIONS: dict[str, Operation] = {
    operation.name: operation for module in MODULES for operation in module.OPERATIONS
}
ROLE_MEMBERS = ("RoleArn", "ExecutionRoleArn")


async def handle(cloud: "Cloud", request: Request) -> Response:
    """Answer one request: find its operation and caller, validate, authorise and execute it."""
    operation = _operation(request.headers.get("x-amz-target", ""))
    caller = cloud.iam.caller(request)
    cloud.faults.throttle(operation.name)
    given = _parsed(await request.body())
    shape = service_model.operation(operation.name)
    validation.check(shape.input_shape, given)
    for access in accesses(cloud, operation, given):
        await _authorise(cloud, caller, access)
    cloud.faults.refuse(operation.name)
    answer = await operation.run(cloud, given)
    if not operation.name.startswith(READING):
        cloud.changed()
        cloud.save()
    cloud.faults.lose_reply(operation.name)
    body = json.dumps(serialise(shape.output_shape, answer)) if shape.output_shape else ""
    return Response(body, media_type=MEDIA_TYPE)


def _operation(target: str) -> Operation:
    operation = OPERATIONS.get(target.removeprefix(TARGET)) if target.startswith(TARGET) else None
    if operation is None:
        raise ServiceError("UnknownOperationException", f"The operation {target or '(none)'} is not known.")
    return operation


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", "The request body is not valid JSON.") from error


def accesses(cloud: "Cloud", operation: Operation, request: Document) -> list[Access]:
    """List the accesses that one request needs: the operation, its tags, and the roles that it passes."""
    arns = [_arn(cloud, kind, request[member]) for kind, member in operation.on if member in request]
    context = _tag_context(request)
    needed = [Access(f"sagemaker:{operation.name}", arn, context) for arn in arns or ["*"]]
    if request.get("Tags") and operation.name.startswith("Create"):
        needed.append(Access("sagemaker:AddTags", arns[0], context))
    passed = {"iam:PassedToService": SERVICE}
    needed += [
        Access("iam:PassRole", given[member], passed)
        for given in (request, request.get("TrainingJobDefinition", {}))
        for member in ROLE_MEMBERS
        if given.get(member)
    ]
    return needed + _of_artifacts(request)


def _of_artifacts(request: Document) -> list[Access]:
    """List what a caller needs on the artifacts of a model package: no role reads them in its place."""
    sources = request.get("SourceAlgorithmSpecification", {}).get("SourceAlgorithms", [])
    places = [S3Uri.parse(each["ModelDataUrl"]) for each in sources if each.get("ModelDataUrl")]
    return [
        access
        for place in places
        for access in (
            Access("s3:GetObject", place.arn),
            Access("s3:ListBucket", f"arn:aws:s3:::{place.bucket}"),
        )
    ]


def _arn(cloud: "Cloud", kind: str, name: str) -> str:
    """Return a resource's ARN; some requests give it instead of a name."""
    return name if name.startswith("arn:") else cloud.settings.arn(kind, name)


def _tag_context(request: Document) -> dict[str, Any]:
    requested_tags = request.get("Tags")
    if not requested_tags:
        return {}
    values = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in requested_tags}
    return values | {"aws:TagKeys": [tag["Key"] for tag in requested_tags]}


async def _authorise(cloud: "Cloud", caller: Caller, access: Access) -> None:
    """Check an access, with the resource's own tags as context for policies that use them."""
    own = {
        f"aws:ResourceTag/{key}": value
        for resource in cloud.store.resources()
        if resource.arn == access.resource
        for key, value in resource.tags.items()
    }
    await cloud.iam.authorise(caller, Access(access.action, access.resource, {**own, **access.context}))
