"""Answers given before: a model never changes while it is served, so neither does what it answers."""

from collections.abc import MutableMapping
from typing import Any, NamedTuple

LONGEST_BODY = 1024  # of a request that is remembered, in bytes
OVERHEAD = 900  # of an entry beside its bytes, roughly


class Key(NamedTuple):
    """All of a request that its answer depends on."""

    body: bytes
    content_type: bytes | None
    accept: bytes | None


Message = MutableMapping[str, Any]
# The two messages of a response, kept whole.
Reply = tuple[Message, Message]


class AnswerCache:
    """Keeps the answers used last, in two generations of at most half of ``limit`` bytes each.

    When the young generation is full the old one is forgotten, and the young one becomes the old. That needs
    no order of use, so a hit costs one look into a dictionary.
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._young: dict[Key, Reply] = {}
        self._old: dict[Key, Reply] = {}
        self._size = 0

    def get(self, key: Key) -> Reply | None:
        """Answer given to this very request, if it is remembered."""
        answer = self._young.get(key)
        if answer is None and (answer := self._old.get(key)) is not None:
            self.put(key, answer)
        return answer

    def put(self, key: Key, answer: Reply) -> None:
        """Remember an answer, unless it is too large for that."""
        size = (
            len(key.body)
            + len(key.content_type or b"")
            + len(key.accept or b"")
            + len(answer[1]["body"])
            + OVERHEAD
        )
        if len(key.body) > LONGEST_BODY or size > self._half:
            return
        if self._size + size > self._half:
            self._old, self._young, self._size = self._young, {}, 0
        self._young[key] = answer
        self._size += size
