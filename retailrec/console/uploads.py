"""Receives a dropped file from the page and writes it to disk in chunks."""

import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from retailrec.client.problems import Problem
from retailrec.console.drops import Drops, good_name, good_size, keep
from retailrec.console.responses import BadRequest, refuse


def receive_drop(drops: Drops) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint for a PUT of a file; its name, and whether it is appended, are in the query."""

    async def endpoint(request: Request) -> Response:
        try:
            name = good_name(request.query_params.get("name", ""), append=_appends(request))
            good_size(_content_length(request))
            path = await _receive(request)
        except (BadRequest, Problem) as problem:
            return refuse(BadRequest(str(problem)))
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # the client has gone: nothing reads this
        except OSError as error:
            return refuse(BadRequest(f"The file cannot be written to this machine's disk: {error.strerror}."))
        return JSONResponse(drops.begin(path, name), HTTPStatus.ACCEPTED)

    return endpoint


def _appends(request: Request) -> bool:
    append = request.query_params.get("append", "false")
    if append not in {"true", "false"}:
        raise BadRequest("Choose whether the file adds to the dataset: append is true or false.")
    return append == "true"


def _content_length(request: Request) -> int:
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdecimal()):
        raise BadRequest("The browser did not send the file's size (Content-Length).")
    return int(length)


async def _receive(request: Request) -> Path:
    """Write the body to a file; delete it if the request breaks off."""
    folder: Path = request.state.folder
    descriptor, path = keep(folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for chunk in request.stream():
                await run_in_threadpool(file.write, chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
