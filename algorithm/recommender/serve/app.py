"""The HTTP application: SageMaker's /ping and /invocations.

Plain ASGI: with two paths, a framework's routing, requests and responses cost more than scoring does.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from recommender.errors import RequestError
from recommender.model.model import Model
from recommender.serve.cache import Key, Message, Reply, ResponseCache
from recommender.serve.precomputed import Precomputed
from recommender.serve.queries import Query, parse_queries
from recommender.serve.recommend import recommend_many
from recommender.serve.responses import JSON, Encoder, assemble, negotiate

MAX_BODY = 6 * 1024 * 1024  # SageMaker's limit for a real-time request, and its default for a batch's
CACHE_BYTES = 32 * 1024 * 1024
READING = ("GET", "HEAD")
# The defaults for batch jobs: 1 MB is 20,000 customers, so every worker gets its share.
BATCH = {"BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 1}
FAILED = "The recommender failed; its log has the error."

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

log = logging.getLogger("uvicorn.error")


class Disconnected(Exception):
    """The client disconnected before its request was complete."""


def create_app(
    precomputed: Precomputed, max_body: int = MAX_BODY, workers: int = 1, cache_bytes: int = CACHE_BYTES
) -> App:
    """Build the application around a loaded model; ``max_body`` is in bytes."""
    invocations = Invocations(precomputed, max_body, ResponseCache(cache_bytes))
    parameters = _ok(JSON, json.dumps({**BATCH, "MaxConcurrentTransforms": workers}).encode())
    pong = _ok("text/plain", b"")

    async def route(scope: Message, receive: Receive) -> Reply:
        path, method = scope["path"], scope["method"]
        if path == "/invocations" and method == "POST":
            return await invocations.answer(scope, receive)
        if path == "/ping" and method in READING:
            return pong
        if path == "/execution-parameters" and method in READING:
            return parameters
        if path in ("/ping", "/invocations", "/execution-parameters"):
            return _error("Use GET /ping and POST /invocations.", 405)
        return _error("Use GET /ping and POST /invocations; there is no other path.", 404)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        try:
            start, body = await route(scope, receive)
        except RequestError as refused:
            start, body = _error(str(refused), refused.status)
        except Disconnected:  # no client is left to respond to
            return
        except Exception:  # the process continues; the traceback goes to the log, not to the caller
            log.exception("request failed")
            start, body = _error(FAILED, 500)
        await send(start)
        await send(body)

    return app


class Invocations:
    """Handles POST /invocations."""

    def __init__(self, precomputed: Precomputed, max_body: int, cache: ResponseCache) -> None:
        self._precomputed = precomputed
        self._max_body = max_body
        self._cache = cache
        self._encoder = Encoder(precomputed.model.item_ids)

    async def answer(self, scope: Message, receive: Receive) -> Reply:
        """Return the response to a request; raises RequestError."""
        content_type, accept = _headers(scope)
        key = Key(await _read(receive, self._max_body), content_type, accept)
        known = self._cache.get(key)
        if known is None:
            known = await self._work(key)
        return known

    async def _work(self, key: Key) -> Reply:
        media_type = negotiate(_text(key.accept))
        queries = parse_queries(key.body, _text(key.content_type))
        if len(queries) == 1:
            found = self._precomputed.recommend(queries[0])
            answer = _ok(media_type, self._encoder.answer(queries[0], found, media_type))
            self._cache.put(key, answer)
            return answer
        # Many queries may take seconds, and /ping must not wait for them.
        body = await asyncio.to_thread(
            respond_to_many, self._precomputed.model, self._encoder, queries, media_type
        )
        return _ok(media_type, body)


def respond_to_many(model: Model, encoder: Encoder, queries: Sequence[Query], media_type: str) -> bytes:
    """Score and encode many queries, a block at a time."""
    blocks, start = [], 0
    for found in recommend_many(model, queries):
        blocks.append(encoder.block(queries[start : start + len(found)], found, media_type))
        start += len(found)
    return assemble(blocks, media_type)


def _headers(scope: Message) -> tuple[bytes | None, bytes | None]:
    """Return the headers Content-Type and Accept; raises RequestError for a web page's request.

    SageMaker sends no Origin. On a laptop the server listens on the loopback interface, where any page can
    post.
    """
    content_type = accept = None
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = value
        elif name == b"accept":
            accept = value if accept is None else accept + b"," + value
        elif name == b"origin":
            raise RequestError("Requests from web pages are not allowed.", 403)
    return content_type, accept


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body") and message["type"] == "http.request" and len(body) <= limit:
        return body  # most bodies come in one piece
    whole = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        whole += message.get("body", b"")
        if len(whole) > limit:
            raise RequestError(f"The body is larger than {limit} bytes.", 413)
        if not message.get("more_body"):
            return bytes(whole)
        message = await receive()


def _ok(media_type: str, body: bytes) -> Reply:
    return _reply(200, media_type, body)


def _error(sentence: str, status: int) -> Reply:
    return _reply(status, JSON, json.dumps({"error": sentence}, ensure_ascii=False).encode(errors="replace"))


def _reply(status: int, media_type: str, body: bytes) -> Reply:
    headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body))]
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )
