"""Serves a model: each request says what it wants to meet (an answer, an error, a delay, a death)."""

import asyncio
import json
import os
import sys
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

MODEL = Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model" / "model.json"


async def ping(request: Request) -> Response:
    return PlainTextResponse("", status_code=int(os.environ.get("PING_STATUS", "200")))


async def invocations(request: Request) -> Response:
    body = (await request.body()).decode()
    answers = []
    for line in body.strip().split("\n"):
        asked = json.loads(line)
        if "sleep" in asked:
            await asyncio.sleep(asked["sleep"])
        if asked.get("die"):
            os._exit(9)
        if "status" in asked:
            return PlainTextResponse("no such user", status_code=asked["status"])
        answers.append(answer(asked, request.headers.get("accept", "")))
    return PlainTextResponse(
        "\n".join(answers), headers={"content-type": request.headers.get("accept", "*/*")}
    )


def answer(asked: dict[str, str], accept: str) -> str:
    user, top_n = asked["user_id"], int(asked.get("top_n", "2"))
    if accept == "text/csv":
        return "\n".join(f"{user},item-{rank},{1 / (rank + 1):.3f}" for rank in range(top_n))
    return json.dumps(
        {"user_id": user, "model": json.loads(MODEL.read_text()).get("version"), "pid": os.getpid()}
    )


class AbruptServer(uvicorn.Server):
    """Ends at once on a signal: requests in flight are whoever stops it to care about."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        os._exit(0)


def main() -> int:
    if os.environ.get("BREAK"):
        return 1
    sys.stdout.write(f"serving as {os.getpid()}\n")
    sys.stdout.flush()
    routes = [Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])]
    config = uvicorn.Config(
        Starlette(routes=routes),
        host=os.environ["RECOMMENDER_HOST"],
        port=int(os.environ["SAGEMAKER_BIND_TO_PORT"]),
        log_level="warning",
    )
    AbruptServer(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
