"""The console's web application: the page, its assets, and what it asks."""

import contextlib
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from html import escape
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from retailrec.console.responses import BadRequest, answers, broken
from retailrec.console.queries import Queries, Unknown
from retailrec.console.drops import Drops
from retailrec.console.guard import FOREIGN_POLICY, Guard, new_token
from retailrec.console.stack_session import OpenSession
from retailrec.console.uploads import receive_drop

STATIC = Path(__file__).with_name("static")
RUN_ID = re.compile(r"[0-9a-f]{16}")
MAX_TOP_N = 100


def build(opener: OpenSession, token: str | None = None, drops: Drops | None = None) -> Starlette:
    """Build the application over a stack; dropped files lie in a folder that goes with it."""
    secret = token or new_token()
    ask = Queries(opener)
    dropped = drops or Drops(opener)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Path]]:
        with tempfile.TemporaryDirectory(prefix="retailrec-console-", ignore_cleanup_errors=True) as folder:
            yield {"folder": Path(folder)}

    def find_drop(request: Request) -> object:
        found = dropped.find(request.path_params["drop_id"])
        if found is None:
            raise Unknown("This drop is not known any more: look at the runs.")
        return found

    def report(request: Request) -> Response:
        page = ask.report(_run_id(request))
        return HTMLResponse(page, headers={"content-security-policy": FOREIGN_POLICY})

    return Starlette(
        routes=[
            Route("/", _page(secret)),
            Route("/runs/{run_id}/report", answers(report)),
            Route("/api/stack", answers(lambda _: ask.stack())),
            Route("/api/runs", answers(lambda _: ask.runs())),
            Route("/api/runs/{run_id}", answers(lambda request: ask.run(_run_id(request)))),
            Route("/api/runs/{run_id}/progress", answers(lambda request: ask.progress(_run_id(request)))),
            Route("/api/metrics", answers(lambda _: ask.metrics())),
            Route("/api/customers", answers(lambda request: ask.customers(_text(request, "query", "")))),
            Route("/api/purchases", answers(lambda request: ask.purchases(_text(request, "customer")))),
            Route("/api/batch", answers(lambda request: ask.batch(*_wish(request)))),
            Route("/api/real-time", answers(lambda request: ask.real_time(*_wish(request)))),
            Route(
                "/api/similar", answers(lambda request: ask.similar(_text(request, "item"), _top_n(request)))
            ),
            Route("/api/drops", receive_drop(dropped), methods=["PUT"]),
            Route("/api/drops/{drop_id}", answers(find_drop)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, token=secret)],
        exception_handlers={Exception: broken},
        lifespan=lifespan,
    )


def _page(token: str) -> Callable[[Request], Awaitable[Response]]:
    html = (STATIC / "index.html").read_text(encoding="utf-8").replace("{{token}}", escape(token))

    async def page(request: Request) -> Response:
        return HTMLResponse(html)

    return page


def _run_id(request: Request) -> str:
    run_id = str(request.path_params["run_id"])
    if not RUN_ID.fullmatch(run_id):
        raise Unknown("There is no such run.")
    return run_id


def _text(request: Request, name: str, otherwise: str | None = None) -> str:
    value = request.query_params.get(name, otherwise)
    if value is None or (not value and otherwise is None) or len(value) > 256:
        raise BadRequest(f"{name}: give 1 to 256 characters.")
    return value


def _top_n(request: Request) -> int:
    text = request.query_params.get("top_n", "10")
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_TOP_N):
        raise BadRequest(f"How many items: give a whole number from 1 to {MAX_TOP_N}.")
    return int(text)


def _wish(request: Request) -> tuple[str, int, bool, list[str]]:
    exclude_purchased = request.query_params.get("exclude_purchased", "true") != "false"
    exclude = request.query_params.getlist("exclude")[:MAX_TOP_N]
    return _text(request, "customer"), _top_n(request), exclude_purchased, exclude
