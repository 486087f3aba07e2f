"""Paths that AWS does not have: health, logs, and faults. All but health are for the root user."""

import json
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from local.sagemaker.account.cloud import KINDS_WITH_LOGS, Cloud


async def health(cloud: Cloud, request: Request) -> Response:
    """Report that the server is up, and how many resources it has."""
    counts = {
        "training_jobs": len(list(cloud.store.training_jobs)),
        "transform_jobs": len(list(cloud.store.transform_jobs)),
        "tuning_jobs": len(list(cloud.store.tuning_jobs)),
        "endpoints": len(list(cloud.store.endpoints)),
    }
    return JSONResponse({"status": "ok", "auth": cloud.settings.auth, **counts})


async def log(cloud: Cloud, request: Request) -> Response:
    """Return what the programs of a job or endpoint wrote; empty while they have not started."""
    kind, name = request.path_params["kind"], request.path_params["name"]
    known = {resource.arn for resource in cloud.store.resources()}
    if kind not in KINDS_WITH_LOGS or cloud.settings.arn(kind, name) not in known:
        return PlainTextResponse(f"No {kind} {name}.", status_code=404)
    path = cloud.settings.folder(kind, name) / "log"
    # Not a FileResponse: the file grows meanwhile, and its announced length must hold.
    return PlainTextResponse(await run_in_threadpool(path.read_bytes) if path.is_file() else b"")


async def faults(cloud: Cloud, request: Request) -> Response:
    """GET lists the faults that still apply, POST adds some, DELETE clears them."""
    if request.method == "DELETE":
        cloud.faults.clear()
    elif request.method == "POST":
        try:
            cloud.faults.post(_json(await request.body()))
        except (ValidationError, ValueError) as error:
            return PlainTextResponse(str(error), status_code=400)
    return JSONResponse(cloud.faults.listed())


def _json(body: bytes) -> Any:
    return json.loads(body)
