"""The HTTP side of serving: SageMaker's /ping and /invocations."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from recommender.answers import negotiate, render
from recommender.errors import RequestError
from recommender.model import Model
from recommender.queries import Query, parse_queries
from recommender.recommend import recommend

MAX_BODY = 6 * 1024 * 1024  # SageMaker's limit for a real-time request, and its default for a batch's


def create_app(model: Model, max_body: int = MAX_BODY) -> Starlette:
    """Build the application around a loaded model; ``max_body`` is in bytes."""

    async def invocations(request: Request) -> Response:
        media_type = negotiate(request.headers.get("accept"))
        queries = parse_queries(await _read(request, max_body), request.headers.get("content-type"))
        if len(queries) == 1:
            content = answer(model, queries, media_type)
        else:  # many may take seconds, in which /ping must not wait
            content = await run_in_threadpool(answer, model, queries, media_type)
        return Response(content, media_type=media_type)

    return Starlette(
        routes=[Route("/ping", _ping), Route("/invocations", invocations, methods=["POST"])],
        exception_handlers={
            RequestError: _refuse,
            ClientDisconnect: _refuse,  # nobody hears this, and no traceback is logged
            HTTPException: _refuse_http,
            Exception: _fail,
        },
    )


def answer(model: Model, queries: Sequence[Query], media_type: str) -> bytes:
    """Score and encode."""
    found = (
        (
            query.user_id,
            recommend(model, query.user_id, query.top_n, exclude_purchased=query.exclude_purchased),
        )
        for query in queries
    )
    return render(found, media_type)


async def _ping(_request: Request) -> Response:
    return Response()


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RequestError(f"The body is larger than {limit} bytes.", 413)
    return bytes(body)


async def _refuse(_request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestError) else 400
    return JSONResponse({"error": str(error)}, status)


async def _refuse_http(_request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    reasons = {
        404: "There are two paths here: /ping and /invocations.",
        405: "Use GET /ping and POST /invocations.",
    }
    return JSONResponse({"error": reasons.get(status, "The request cannot be served.")}, status, headers)


async def _fail(_request: Request, _error: Exception) -> Response:
    # The traceback goes to the server's log, not to the caller.
    return JSONResponse({"error": "The recommender failed; its log says why."}, 500)
