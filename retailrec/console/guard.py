"""Protects the console from other websites, and from pages of other local servers.

The console acts with its user's AWS credentials. A browser lets any page send requests to
127.0.0.1, and a host name of an attacker can resolve to it (DNS rebinding).
"""

import re
import secrets
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing that another parser may read differently, such as localhost#.example.com.
LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
READING = frozenset({"GET", "HEAD"})
TOKEN_HEADER = "x-console-token"  # noqa: S105 - the header's name

# Nothing inline, nothing from elsewhere, and no script that builds markup from text.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# A page from a bucket: whatever it holds, it runs no script and has an opaque origin.
FOREIGN_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


def new_token() -> str:
    """Make the secret that only the console's own page receives."""
    return secrets.token_urlsafe(32)


class Guard:
    """Lets the console's own page in, and puts the security headers on every response."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = refusal(scope["method"], Headers(scope=scope), self._token)
        app = JSONResponse({"sentence": refused[1]}, refused[0]) if refused else self._app
        await app(scope, receive, guarded)


def refusal(method: str, headers: Headers, token: str) -> tuple[int, str] | None:
    """Return the status and the reason with which a request is refused, or ``None`` to let it in."""
    host = headers.get("host", "")
    if not LOOPBACK.fullmatch(host):
        return (
            HTTPStatus.MISDIRECTED_REQUEST,
            "Open the console at http://127.0.0.1: it has no other address.",
        )
    # Any page may link here; only the console's own page may request data.
    navigates = headers.get("sec-fetch-mode") == "navigate"
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"} and not navigates:
        return HTTPStatus.FORBIDDEN, "Pages of other sites may not use the console."
    if "origin" in headers and headers["origin"] != f"http://{host}":
        return HTTPStatus.FORBIDDEN, "Pages of other sites may not use the console."
    if method in READING:
        return None
    given = headers.get(TOKEN_HEADER, "")
    if not secrets.compare_digest(given.encode(), token.encode()):
        return HTTPStatus.FORBIDDEN, "The page is older than the console: reload it."
    return None
