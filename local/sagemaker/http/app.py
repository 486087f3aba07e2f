"""The one HTTP application: control plane, runtime, and the admin paths."""

import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.sagemaker.account.cloud import Cloud
from local.sagemaker.errors import ServiceError
from local.sagemaker.guard import KEY, Guard, Hosts, Refused, read_only
from local.sagemaker.guard.claims import Claim
from local.sagemaker.guard.keys import Reason
from local.sagemaker.guard.request import Request as GuardedRequest
from local.sagemaker.http import admin, control, persistence, runtime
from local.sagemaker.iam.callers import Keys
from local.sagemaker.settings import Settings

HEALTH = "/_health"
SERVICE = "sagemaker"
Endpoint = Callable[[Cloud, Request], Awaitable[Response]]


def build(settings: Settings) -> Starlette:
    """Build the application; the account opens when the server starts and closes when it ends."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Cloud]]:
        cloud = persistence.open_account(settings)
        try:
            yield {"cloud": cloud}
        finally:
            await cloud.close()
            cloud.save()

    return Starlette(
        routes=[
            Route("/", _api(control.handle), methods=["POST"]),
            Route("/endpoints/{name}/invocations", _api(runtime.invoke), methods=["POST"]),
            Route(HEALTH, _on(admin.health)),
            Route("/_logs/{kind}/{name}", _admin(admin.log)),
            Route("/_faults", _admin(admin.faults), methods=["GET", "POST", "DELETE"]),
        ],
        lifespan=lifespan,
        middleware=[_guard(settings)],
        exception_handlers={Exception: _broken},
    )


def _guard(settings: Settings) -> Middleware:
    return Middleware(
        Guard,
        hosts=Hosts(settings.port, settings.hosts_file),
        region=settings.region,
        find=Keys(settings).find if settings.auth else None,
        is_open=read_only(HEALTH),
        check_scope=_check_scope,
    )


def _check_scope(request: GuardedRequest, claim: Claim) -> None:
    """Raise Refused for a signature that is meant for another service."""
    if claim.service != SERVICE:
        raise Refused(Reason.SCOPE, f"Credential should be scoped to correct service: '{SERVICE}'. ")


def _on(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Pass the account to an endpoint."""

    async def run(request: Request) -> Response:
        return await endpoint(cast(Cloud, request.state.cloud), request)

    return run


def _admin(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Restrict a path that AWS does not have to the root user."""
    answer = _on(endpoint)

    async def run(request: Request) -> Response:
        key = request.scope.get(KEY)
        if key is not None and key.kind != "Root":
            return _refusal(ServiceError("AccessDeniedException", "Only the root user may do this.", 403))
        return await answer(request)

    return run


def _api(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Answer as AWS does: a request id, and refusals as documents."""
    answer = _on(endpoint)

    async def run(request: Request) -> Response:
        try:
            response = await answer(request)
        except ServiceError as error:
            response = _refusal(error)
        response.headers["x-amzn-requestid"] = str(uuid.uuid4())
        return response

    return run


def _refusal(error: ServiceError) -> Response:
    """Write an error for both protocols: JSON 1.1 reads the body's __type, REST-JSON the header."""
    body = {"__type": error.code, "message": error.message, "Message": error.message, **error.members}
    return Response(
        json.dumps(body),
        status_code=error.status,
        media_type=control.MEDIA_TYPE,
        headers={"x-amzn-errortype": error.code},
    )


async def _broken(request: Request, error: Exception) -> Response:
    """Answer an unexpected error; the server logs its traceback."""
    return _refusal(ServiceError("InternalFailure", "The request processing has failed.", 500))
