"""Takes a dropped file from the page into a file of its own, without holding it in memory."""

import os
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from retailrec.client.problems import Problem
from retailrec.console.responses import BadRequest, refuse
from retailrec.console.drops import Drops, good_name, good_size, keep


def receive_drop(drops: Drops) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint that takes a file as the body of a PUT, its name and what it is for in the query."""

    async def endpoint(request: Request) -> Response:
        try:
            name = good_name(request.query_params.get("name", ""), append=_appends(request))
            good_size(_announced(request))
            path = await _receive(request)
        except (BadRequest, Problem) as problem:
            return refuse(BadRequest(str(problem)))
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody reads it
        except OSError as error:
            return refuse(
                BadRequest(f"The file cannot be kept on this machine for a moment: {error.strerror}.")
            )
        return JSONResponse(drops.begin(path, name), HTTPStatus.ACCEPTED)

    return endpoint


def _appends(request: Request) -> bool:
    wish = request.query_params.get("append", "false")
    if wish not in {"true", "false"}:
        raise BadRequest("Say whether the file adds to the dataset: append is true or false.")
    return wish == "true"


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdecimal()):
        raise BadRequest("The browser does not tell how large the file is.")
    return int(length)


async def _receive(request: Request) -> Path:
    """Write the body to a file; nothing of it stays when it breaks off."""
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
