"""A cache of responses: a served model does not change, so its response to a request does not either."""

from collections.abc import MutableMapping
from typing import Any, NamedTuple

MAX_BODY = 1024  # bytes of a request that is cached
OVERHEAD = 900  # bytes of an entry besides its content, roughly


class Key(NamedTuple):
    """All parts of a request that its response depends on."""

    body: bytes
    content_type: bytes | None
    accept: bytes | None


Message = MutableMapping[str, Any]
# The two ASGI messages of a response.
Reply = tuple[Message, Message]


class ResponseCache:
    """Keeps the responses used last, in two generations of at most half of ``limit`` bytes each.

    When the young generation is full, the old one is dropped, and the young one becomes the old. That needs
    no order of use, so a hit costs one dictionary look-up.
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._young: dict[Key, Reply] = {}
        self._old: dict[Key, Reply] = {}
        self._size = 0

    def get(self, key: Key) -> Reply | None:
        """Return the response to an equal request, if it is cached."""
        answer = self._young.get(key)
        if answer is None and (answer := self._old.get(key)) is not None:
            self.put(key, answer)
        return answer

    def put(self, key: Key, answer: Reply) -> None:
        """Cache a response, unless it is too large."""
        size = (
            len(key.body)
            + len(key.content_type or b"")
            + len(key.accept or b"")
            + len(answer[1]["body"])
            + OVERHEAD
        )
        if len(key.body) > MAX_BODY or size > self._half:
            return
        if self._size + size > self._half:
            self._old, self._young, self._size = self._young, {}, 0
        self._young[key] = answer
        self._size += size
