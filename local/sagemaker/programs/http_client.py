"""An HTTP client of loopback servers: aiohttp, with nothing added to a request but its host and length."""

import asyncio
import io
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp

# aiohttp asks for a stream above this size.
_LARGE = 1 << 20
# The longest line of a response's head, in bytes.
_MAX_HEADER = 64 << 10
# What aiohttp would add.
_HEADERS_OF_CLIENT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
# The sockets that were opened to send the present request: none if a connection is reused. aiohttp's own
# way to know, a TraceConfig, makes every request a quarter slower.
_sockets: ContextVar[list[socket.socket]] = ContextVar("_sockets")


class ConnectionBroken(Exception):
    """No connection, one that was closed early, or a response that is not HTTP."""


@dataclass(frozen=True)
class Reply:
    """A response; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class HttpClient:
    """Requests over as many connections as are needed at once; idle connections are reused."""

    def __init__(self) -> None:
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; requests that still wait are aborted."""
        if self._opened:
            await self._opened.close()

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> Reply:
        """Send a request and wait for its response; raises ConnectionBroken or TimeoutError.

        A server may close an idle connection just as it is reused. The request is then sent again, on
        another connection. It is not if a part of a response came, except where a reset connection
        discarded that part: programs are asked for predictions, which change nothing.
        """
        async with asyncio.timeout(timeout):
            while True:
                opened: list[socket.socket] = []
                _sockets.set(opened)
                try:
                    return await self._send(method, url, headers, body)
                except aiohttp.ClientError as error:
                    if opened or isinstance(error, aiohttp.ClientConnectorError) or not _nothing_came(error):
                        raise ConnectionBroken(_sentence(error)) from error

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        async with self._session().request(
            method,
            url,
            headers=headers,
            data=io.BytesIO(body) if len(body) > _LARGE else body,
            allow_redirects=False,
        ) as response:
            content = await response.read()
            found = {name.lower(): _latin(value) for name, value in response.headers.items()}
            return Reply(response.status, found, content)

    def _session(self) -> aiohttp.ClientSession:
        """Open the session at the first request, as it needs the running event loop."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=_open_socket),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                skip_auto_headers=_HEADERS_OF_CLIENT,
                auto_decompress=False,
                max_line_size=_MAX_HEADER,
                max_field_size=_MAX_HEADER,
                trust_env=False,  # no proxies
            )
        return self._opened


def _open_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Open a socket as aiohttp does, and note it."""
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    _sockets.get().append(opened)
    return opened


def _latin(value: str) -> str:
    """Return a header as ASGI servers decode it: in ISO 8859-1."""
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def _sentence(error: aiohttp.ClientError) -> str:
    closed = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError)
    return "The connection was closed." if closed else str(error)


def _nothing_came(error: aiohttp.ClientError) -> bool:
    """Return whether the connection ended before the first byte of a response."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # else the part of a response that came
    return isinstance(error, aiohttp.ClientOSError)
