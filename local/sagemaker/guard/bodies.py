"""Checks bodies against the hash that was signed, on their way to the service."""

import hashlib

from starlette.types import Message, Receive

from local.sagemaker.guard.keys import Reason, Refused

MAX_BODY = 128 * 1024 * 1024  # of a body that is buffered: more than any such service accepts
_MAX_DRAINED = 16 * 1024 * 1024
BODY_MISMATCH = "The provided 'x-amz-content-sha256' header does not match what was computed."


class Disconnected(Exception):
    """The sender disconnected before its request was complete."""


async def read_whole(receive: Receive) -> bytes:
    """Read a body; raises Refused for one that is too large."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BODY:
            raise Refused(Reason.TOO_LARGE, f"The body exceeds {MAX_BODY} bytes.")
        if not message.get("more_body", False):
            return b"".join(chunks)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that yields a body that was read, and then what follows it."""
    waiting = [body]

    async def give() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return give


class Incoming:
    """The messages of a sender; knows when the request is complete."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> Message:
        """Receive the next piece."""
        message = await self._receive()
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read a bounded part of the rest: many clients read a refusal only after they have sent all."""
        size = 0
        while not self._ended and size < _MAX_DRAINED:
            size += len((await self()).get("body", b""))


class Hashed:
    """Passes a body on in pieces; the last piece of a body with another hash is withheld."""

    def __init__(self, receive: Receive, expected: str) -> None:
        self._receive = receive
        self._expected = expected
        self._seen = hashlib.sha256()
        self.differs = False

    async def __call__(self) -> Message:
        """Receive the next piece; with a wrong hash, the service sees a disconnected sender."""
        if self.differs:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        self._seen.update(message.get("body", b""))
        if not message.get("more_body", False) and self._seen.hexdigest() != self._expected:
            self.differs = True
            return {"type": "http.disconnect"}
        return message
