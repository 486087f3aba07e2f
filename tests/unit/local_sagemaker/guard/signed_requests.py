"""A guarded service that is asked in this process, and requests as AWS clients sign them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
import botocore.session
import httpx
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from local.sagemaker.guard import KEY, Guard, Hosts, Key, read_only
from local.sagemaker.guard.keys import new_access_key, new_secret, root_key, unknown_key
from local.sagemaker.guard.request import Request

PORT = 4566
HOST = f"127.0.0.1:{PORT}"
URL = f"http://{HOST}"
REGION = "us-east-1"
ROOT = Credentials(new_access_key(), new_secret())
WORKER = Credentials("ASIA0123456789ABCDEF", new_secret(), "the-token-of-a-session")


async def find(access_key: str, token: str) -> Key:
    if (access_key, token) == (ROOT.access_key, ""):
        return root_key(ROOT.access_key, ROOT.secret_key, "000000000000")
    if (access_key, token) == (WORKER.access_key, WORKER.token):
        arn = "arn:aws:sts::000000000000:assumed-role/role/session"
        return Key(WORKER.access_key, WORKER.secret_key, arn, "AssumedRole", "role")
    raise unknown_key()


@dataclass
class Service:
    """What came through the guard, and the guard in front; ``ahead`` moves its clock by seconds."""

    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    ahead: float = 0.0
    hosts: Hosts = field(default_factory=lambda: Hosts(PORT))
    check_scope: Callable[..., None] = lambda *_: None
    service_of: Callable[[Request], str] = lambda _: ""

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await HttpRequest(scope, receive).body()
        self.seen.append((scope["method"], scope["path"], body))
        if KEY in scope:
            self.callers.append(scope[KEY].arn)
        response = PlainTextResponse("done", headers={"Access-Control-Allow-Origin": "*"})
        await response(scope, receive, send)

    def ask(
        self, method: str, url: str, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> httpx.Response:
        """Send a request exactly as it is given."""
        guard = Guard(
            self._forgiving, self.hosts, REGION, find, read_only("/health"), self.check_scope,
            self.service_of, lambda: datetime.fromtimestamp(time.time() + self.ahead, UTC),
        )  # fmt: skip

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(guard)
            async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
                return await client.request(method, url, headers=headers, content=content)

        return asyncio.run(send())

    async def _forgiving(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the emulator does, which says nothing when its sender went away."""
        from starlette.requests import ClientDisconnect

        try:
            await self._answer(scope, receive, send)
        except ClientDisconnect:
            return

    def repeat(self, request: AWSPreparedRequest, **changes: Any) -> httpx.Response:
        """Send what a client prepared, with changes of its method, url, headers or content."""
        headers = {name: _text(value) for name, value in request.headers.items()}
        body = request.body or b""
        body = (
            body if isinstance(body, bytes) else body.read() if hasattr(body, "read") else str(body).encode()
        )
        return self.ask(
            changes.get("method", request.method),
            changes.get("url", request.url),
            {name: value for name, value in (headers | changes.get("headers", {})).items() if value},
            changes.get("content", body),
        )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class Caught(Exception):
    """A request was caught before it left."""


@cache
def client(service: str, credentials: Credentials = ROOT) -> Any:
    session = botocore.session.get_session()
    session.set_credentials(credentials.access_key, credentials.secret_key, credentials.token)
    made: Any = boto3.Session(botocore_session=session, region_name=REGION)
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}) if service == "s3" else None
    return made.client(service, endpoint_url=URL, config=config)


def prepared(service: str, call: str, credentials: Credentials = ROOT, **members: Any) -> AWSPreparedRequest:
    """Return what a client sends for a call."""
    made, sent = client(service, credentials), []

    def catch(request: AWSPreparedRequest, **_: Any) -> None:
        sent.append(request)
        raise Caught

    made.meta.events.register("before-send", catch)
    try:
        getattr(made, call)(**members)
    except Caught:
        return sent[0]
    finally:
        made.meta.events.unregister("before-send", catch)
    raise AssertionError


def signed(
    method: str,
    path: str,
    content: bytes = b"",
    service: str = "execute-api",
    credentials: Credentials = ROOT,
    region: str = REGION,
    headers: dict[str, str] | None = None,
) -> AWSPreparedRequest:
    """Sign a request as README's curl does: a hash of the body, no x-amz-content-sha256."""
    request = AWSRequest(method, URL + path, headers={"host": HOST} | (headers or {}), data=content)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, region).add_auth(request)
    return request.prepare()


def presigned(
    path: str, service: str = "sts", credentials: Credentials = ROOT, expires: int = 60
) -> AWSPreparedRequest:
    request = AWSRequest("GET", URL + path, headers={"host": HOST})
    SigV4QueryAuth(credentials, service, REGION, expires).add_auth(request)
    return request.prepare()
