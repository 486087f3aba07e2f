"""Bodies on their way to the service: held to the hash that was signed."""

import hashlib

from starlette.types import Message, Receive

from local.sagemaker.guard.keys import Reason, Refused

MAX_BODY = 128 * 1024 * 1024  # of a body that is read before it is let on: above what any such service takes
_MAX_DRAINED = 16 * 1024 * 1024
BODY_MISMATCH = "The provided 'x-amz-content-sha256' header does not match what was computed."


class Disconnected(Exception):
    """The sender went away before its request was whole."""


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
    """Hand on a body that was read, and then what else comes."""
    waiting = [body]

    async def give() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return give


class Incoming:
    """What a sender sends; knows when all of its request has come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> Message:
        """Receive the next piece."""
        message = await self._receive()
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Read some of what is still to come: many a sender hears a refusal only once it has sent all."""
        size = 0
        while not self._ended and size < _MAX_DRAINED:
            size += len((await self()).get("body", b""))


class Hashed:
    """Hands a body on piece by piece; of one with another hash, the last piece never comes."""

    def __init__(self, receive: Receive, expected: str) -> None:
        self._receive = receive
        self._expected = expected
        self._seen = hashlib.sha256()
        self.differs = False

    async def __call__(self) -> Message:
        """Receive the next piece; the service is told that its sender went away when the hash is wrong."""
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
