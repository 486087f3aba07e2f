"""The console's web application: the page, its assets, and the queries that it sends."""

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

from retailrec.console.drops import Drops
from retailrec.console.guard import FOREIGN_POLICY, Guard, new_token
from retailrec.console.queries import Queries, Unknown
from retailrec.console.responses import BadRequest, internal_error, respond
from retailrec.console.stack_session import OpenSession
from retailrec.console.uploads import receive_drop

STATIC = Path(__file__).with_name("static")
RUN_ID = re.compile(r"[0-9a-f]{16}")
MAX_TOP_N = 100


def build(open_session: OpenSession, token: str | None = None, drops: Drops | None = None) -> Starlette:
    """Build the application over a stack; dropped files are kept in a folder that is deleted with it."""
    secret = token or new_token()
    queries = Queries(open_session)
    dropped = drops or Drops(open_session)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Path]]:
        with tempfile.TemporaryDirectory(prefix="retailrec-console-", ignore_cleanup_errors=True) as folder:
            yield {"folder": Path(folder)}

    def find_drop(request: Request) -> object:
        found = dropped.find(request.path_params["drop_id"])
        if found is None:
            raise Unknown("The console has forgotten this drop: look at the list of runs.")
        return found

    def report(request: Request) -> Response:
        page = queries.report(_run_id(request))
        return HTMLResponse(page, headers={"content-security-policy": FOREIGN_POLICY})

    return Starlette(
        routes=[
            Route("/", _page(secret)),
            Route("/runs/{run_id}/report", respond(report)),
            Route("/api/stack", respond(lambda _: queries.stack())),
            Route("/api/runs", respond(lambda _: queries.runs())),
            Route("/api/runs/{run_id}", respond(lambda request: queries.run(_run_id(request)))),
            Route("/api/runs/{run_id}/progress", respond(lambda request: queries.progress(_run_id(request)))),
            Route(
                "/api/runs/{run_id}/progress/chart",
                respond(lambda request: queries.epochs_chart(_run_id(request), _text(request, "metric"))),
            ),
            Route(
                "/api/runs/{run_id}/comparison", respond(lambda request: queries.comparison(_run_id(request)))
            ),
            Route("/api/metrics", respond(lambda _: queries.metrics())),
            Route(
                "/api/metrics/chart",
                respond(
                    lambda request: queries.runs_chart(_text(request, "metric"), _text(request, "run", ""))
                ),
            ),
            Route("/api/customers", respond(lambda request: queries.customers(_text(request, "query", "")))),
            Route("/api/purchases", respond(lambda request: queries.purchases(_text(request, "customer")))),
            Route("/api/batch", respond(lambda request: queries.batch(*_recommendation_query(request)))),
            Route(
                "/api/real-time", respond(lambda request: queries.real_time(*_recommendation_query(request)))
            ),
            Route(
                "/api/similar",
                respond(lambda request: queries.similar(_text(request, "item"), _top_n(request))),
            ),
            Route("/api/drops", receive_drop(dropped), methods=["PUT"]),
            Route("/api/drops/{drop_id}", respond(find_drop)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, token=secret)],
        exception_handlers={Exception: internal_error},
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
        raise Unknown("There is no run with this id.")
    return run_id


def _text(request: Request, name: str, otherwise: str | None = None) -> str:
    value = request.query_params.get(name, otherwise)
    if value is None or (not value and otherwise is None) or len(value) > 256:
        raise BadRequest(f"{name}: enter 1 to 256 characters.")
    return value


def _top_n(request: Request) -> int:
    text = request.query_params.get("top_n", "10")
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MAX_TOP_N):
        raise BadRequest(f"Number of items: enter a whole number from 1 to {MAX_TOP_N}.")
    return int(text)


def _recommendation_query(request: Request) -> tuple[str, int, bool, list[str]]:
    exclude_purchased = request.query_params.get("exclude_purchased", "true") != "false"
    exclude = request.query_params.getlist("exclude")[:MAX_TOP_N]
    return _text(request, "customer"), _top_n(request), exclude_purchased, exclude
