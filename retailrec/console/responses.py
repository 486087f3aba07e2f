"""Responses to the page: queries run in worker threads, and every error becomes a sentence."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from retailrec.client.api import NothingLive, UnknownCustomer
from retailrec.client.problems import Problem, explain
from retailrec.console.queries import Unknown
from retailrec.console.stack_session import NoStack
from retailrec_shared.charts.markup import Markup

FORESEEN = (Problem, BotoCoreError, Boto3Error, ClientError)
Endpoint = Callable[[Request], Any]
logger = logging.getLogger(__name__)


class BadRequest(Problem):
    """The page sent an invalid request."""


def respond(query: Callable[[Request], object]) -> Endpoint:
    """Make an endpoint of a query that may block: markup becomes an HTML fragment, all else JSON."""

    async def endpoint(request: Request) -> Response:
        try:
            result = await run_in_threadpool(query, request)
        except FORESEEN as error:
            return refuse(error)
        if isinstance(result, Markup):
            return HTMLResponse(result)
        return result if isinstance(result, Response) else JSONResponse(result)

    return endpoint


def refuse(error: Exception) -> JSONResponse:
    """Explain an error in a sentence; by ``kind`` the page decides what it shows."""
    status, kind = _status(error)
    return JSONResponse({"sentence": explain(error), "kind": kind}, status)


def _status(error: Exception) -> tuple[HTTPStatus, str]:
    match error:
        case NoStack():
            return HTTPStatus.SERVICE_UNAVAILABLE, "no_stack"
        case Unknown() | UnknownCustomer() | NothingLive():
            return HTTPStatus.NOT_FOUND, "unknown"
        case BadRequest():
            return HTTPStatus.BAD_REQUEST, "bad_request"
    return HTTPStatus.BAD_GATEWAY, "cloud"


async def internal_error(request: Request, error: Exception) -> Response:
    """Respond to an error of the console itself; the server writes its traceback to the terminal."""
    sentence = "The console has an error: see the terminal that it was started in for details."
    return JSONResponse({"sentence": sentence, "kind": "fault"}, HTTPStatus.INTERNAL_SERVER_ERROR)
