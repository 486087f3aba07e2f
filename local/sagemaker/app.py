"""The one HTTP application: control plane, runtime, and the admin paths."""

import contextlib
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local.sagemaker import admin, control, runtime
from local.sagemaker.cloud import Cloud
from local.sagemaker.errors import ServiceError
from local.sagemaker.settings import Settings

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
Endpoint = Callable[[Cloud, Request], Awaitable[Response]]


def build(settings: Settings) -> Starlette:
    """Build the application; the account opens when the server starts and closes when it ends."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Cloud]]:
        cloud = Cloud.open(settings)
        try:
            yield {"cloud": cloud}
        finally:
            await cloud.close()

    return Starlette(
        routes=[
            Route("/", _api(control.handle), methods=["POST"]),
            Route("/endpoints/{name}/invocations", _api(runtime.invoke), methods=["POST"]),
            Route("/_health", _on(admin.health)),
            Route("/_logs/{kind}/{name}", _admin(admin.log)),
            Route("/_faults", _admin(admin.faults), methods=["GET", "POST", "DELETE"]),
        ],
        lifespan=lifespan,
        exception_handlers={Exception: _broken},
    )


def _on(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Hand the account to an endpoint."""

    async def run(request: Request) -> Response:
        return await endpoint(cast(Cloud, request.state.cloud), request)

    return run


def _admin(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Keep web pages out of what asks for no signature: a browser lets any of them send requests here.

    Also those whose own name was pointed here (DNS rebinding): to their browser they ask their own server.
    """
    answer = _on(endpoint)

    async def run(request: Request) -> Response:
        if not LOOPBACK.fullmatch(request.headers.get("host", "")):
            return PlainTextResponse("This is answered at 127.0.0.1 alone.", status_code=403)
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            return PlainTextResponse("A web page may not ask this.", status_code=403)
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
    """Answer for a bug of ours; the server logs its traceback."""
    return _refusal(ServiceError("InternalFailure", "The request processing has failed.", 500))
