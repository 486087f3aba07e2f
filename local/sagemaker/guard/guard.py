"""The guard itself, as ASGI middleware."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.sagemaker.guard import bodies, claims, refusals, signatures
from local.sagemaker.guard.claims import Claim
from local.sagemaker.guard.hosts import Hosts
from local.sagemaker.guard.keys import Find, Reason, Refused
from local.sagemaker.guard.request import Request

KEY = "guard.key"  # of a request's ASGI scope: the Key that signed it
READING = frozenset({"GET", "HEAD"})


def _no_service(request: Request, claim: Claim) -> None:
    """Accept any service that a signature is scoped to."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def read_only(*paths: str) -> Callable[[Request], bool]:
    """Return a rule that allows unsigned GET and HEAD requests of these paths."""
    return lambda request: request.method in READING and request.path in paths


class Guard:
    """Passes on requests that a program on this machine signed with a known key.

    Without ``find`` no signature is required; web pages are refused all the same. ``is_open`` selects the
    requests that need no signature. ``check_scope`` raises Refused for a request signed for another service.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: Hosts,
        region: str,
        find: Find | None,
        is_open: Callable[[Request], bool] = lambda _: False,
        check_scope: Callable[[Request, Claim], None] = _no_service,
        service_of: Callable[[Request], str] = lambda _: "",
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._region = region
        self._find = find
        self._is_open = is_open
        self._check_scope = check_scope
        self._service_of = service_of
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._answer(scope, bodies.Incoming(receive), _without_cors(send))

    async def _answer(self, scope: Scope, receive: bodies.Incoming, send: Send) -> None:
        request = Request.of(scope)
        try:
            self._hosts.check(request)
            if self._find is None:
                await self._app(scope, receive, send)
                return
            if self._is_open(request):
                await self._app(scope, bodies.replay(await bodies.read_whole(receive), receive), send)
                return
            claim = claims.read(request, self._now())
            await self._let_in(request, claim, self._find, scope, receive, send)
        except Refused as refused:
            response = refusals.response(refused, request, self._service_of(request))
            await receive.drain()
            await response(scope, receive, send)
        except bodies.Disconnected:
            return

    async def _let_in(
        self, request: Request, claim: Claim, find: Find, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if claim.region != self._region:
            raise Refused(Reason.SCOPE, f"Credential should be scoped to a valid region, {self._region}.")
        self._check_scope(request, claim)
        key = await find(claim.access_key, claim.token)
        scope = {**scope, KEY: key}
        if claim.service == "s3" and claim.body:
            signatures.check(request, claim, key, claim.body)
            if claim.body_unsigned:
                await self._app(scope, receive, send)
            else:
                await self._check_hash_while_passing(scope, bodies.Hashed(receive, claim.body), send)
            return
        if not claim.body:
            body = await bodies.read_whole(receive)
            signatures.check(request, claim, key, hashlib.sha256(body).hexdigest())
        else:
            signatures.check(request, claim, key, claim.body)
            body = await bodies.read_whole(receive)
            if hashlib.sha256(body).hexdigest() != claim.body:
                raise Refused(Reason.BODY, bodies.BODY_MISMATCH)
        await self._app(scope, bodies.replay(body, receive), send)

    async def _check_hash_while_passing(self, scope: Scope, receive: bodies.Hashed, send: Send) -> None:
        """Pass a body on as it arrives; with a wrong hash, the service's response is dropped."""

        async def pass_on(message: Message) -> None:
            if not receive.differs:
                await send(message)

        await self._app(scope, receive, pass_on)
        if receive.differs:
            raise Refused(Reason.BODY, bodies.BODY_MISMATCH)


def _without_cors(send: Send) -> Send:
    """Remove the CORS headers of every response, so that no web page can read it."""

    async def pass_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", [])
            kept = [each for each in headers if not each[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return pass_on
