"""InvokeEndpoint: forwards a request to a variant's program, and returns its response."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from local.sagemaker.account.fleets import ServingVariant
from local.sagemaker.errors import ServiceError
from local.sagemaker.http import service_model
from local.sagemaker.iam.policies import Access
from local.sagemaker.programs.http_client import Reply

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

OPERATION = "InvokeEndpoint"
MAX_BODY: int = service_model.service("sagemaker-runtime").shape_for("BodyBlob").metadata["max"]
# Headers of the request that the container sees; those of the response that the caller sees.
FORWARDED = ("content-type", "accept", "x-amzn-sagemaker-custom-attributes", "x-amzn-sagemaker-inference-id")
RETURNED = ("content-type", "x-amzn-sagemaker-custom-attributes")


async def invoke(cloud: "Cloud", request: Request) -> Response:
    """Answer one request of the runtime API."""
    name = request.path_params["name"]
    arn = cloud.settings.arn("endpoint", name)
    caller = cloud.iam.caller(request)
    cloud.faults.throttle(OPERATION)
    await cloud.iam.authorise(caller, Access(f"sagemaker:{OPERATION}", arn))
    body = await request.body()
    if len(body) > MAX_BODY:
        raise ServiceError("ValidationError", f"The request body exceeds the maximum of {MAX_BODY} bytes.")
    variant = _variant(cloud, name, request.headers.get("x-amzn-sagemaker-target-variant"))
    headers = {header: request.headers[header] for header in FORWARDED if header in request.headers}
    reply = await variant.ask("POST", "/invocations", headers, body, cloud.settings.invocation_timeout)
    cloud.faults.lose_reply(OPERATION)
    if reply.status >= 400:
        raise _model_error(cloud, name, reply)
    return Response(reply.body, headers=_returned(variant, reply.headers))


def _variant(cloud: "Cloud", name: str, target: str | None) -> ServingVariant:
    """Choose the variant that answers; an endpoint has none while it is created."""
    fleet = cloud.fleets.get(name)
    if fleet is None:
        raise ServiceError(
            "ValidationError", f"Endpoint {name} of account {cloud.settings.account} not found."
        )
    return fleet.choose(target)


def _returned(variant: ServingVariant, headers: Mapping[str, str]) -> dict[str, str]:
    returned = {header: headers[header] for header in RETURNED if header in headers}
    return returned | {"x-Amzn-Invoked-Production-Variant": variant.name}


def _model_error(cloud: "Cloud", name: str, reply: Reply) -> ServiceError:
    """Wrap the container's error response, as SageMaker does."""
    region, account = cloud.settings.region, cloud.settings.account
    group = f"/aws/sagemaker/Endpoints/{name}"
    message = reply.body.decode(errors="replace")
    side = "client" if reply.status < 500 else "server"
    return ServiceError(
        "ModelError",
        f'Received {side} error ({reply.status}) from primary with message "{message}". See '
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group}"
        f" in account {account} for more information.",
        status=424,
        OriginalStatusCode=reply.status,
        OriginalMessage=message,
        LogStreamArn=f"arn:aws:logs:{region}:{account}:log-group:{group}",
    )
