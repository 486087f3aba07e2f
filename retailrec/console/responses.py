"""From questions to HTTP: worker threads, JSON, and every error as a sentence."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from retailrec.client.api import NothingLive, UnknownCustomer
from retailrec.client.problems import Problem, explain
from retailrec.console.queries import Unknown
from retailrec.console.stack_session import NoStack

FORESEEN = (Problem, BotoCoreError, Boto3Error, ClientError)
Endpoint = Callable[[Request], Any]
logger = logging.getLogger(__name__)


class BadRequest(Problem):
    """The page asked for what cannot be."""


def answers(question: Callable[[Request], object]) -> Endpoint:
    """Make an endpoint of a question that may block."""

    async def endpoint(request: Request) -> Response:
        try:
            answer = await run_in_threadpool(question, request)
        except FORESEEN as error:
            return refuse(error)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return endpoint


def refuse(error: Exception) -> JSONResponse:
    """Say what stands in the way; ``kind`` tells the page apart what it can do about it."""
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


async def broken(request: Request, error: Exception) -> Response:
    """Answer for a fault of ours; the server writes its traceback to the terminal."""
    sentence = "This is a fault of the console's own: the terminal it was started in shows where."
    return JSONResponse({"sentence": sentence, "kind": "fault"}, HTTPStatus.INTERNAL_SERVER_ERROR)
