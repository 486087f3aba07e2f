"""The size of an entry in bytes, and lists cut to it: DynamoDB refuses an item of more than 400 KB.

DynamoDB counts an item's attribute names and values in UTF-8. A body is JSON, in which a character may take
several bytes.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

# DynamoDB's limit is 409,600 bytes. The rest is a margin.
MOST_BYTES = 390_000
_ATTRIBUTES = len("pk") + len("body")
_COMMA = 1


class Text(str):
    """A body that is JSON already."""

    __slots__ = ()


def dump(body: Any) -> str:
    """Return a body as JSON, with as few bytes as possible."""
    if isinstance(body, Text):
        return body
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def size_of(key: str, text: str) -> int:
    """Return the bytes of an item with this key and body."""
    return _ATTRIBUTES + len(key.encode()) + len(text.encode())


def room_for_body(key: str) -> int:
    """Return the most bytes that the body of this key may have."""
    return MOST_BYTES - _ATTRIBUTES - len(key.encode())


def bytes_of(body: Any) -> int:
    """Return the bytes of a body."""
    return len(dump(body).encode())


def cut_list(values: Sequence[Any], room: int) -> list[Any]:
    """Return the first values that fit a JSON list of ``room`` bytes."""
    if bytes_of(values) <= room:
        return list(values)
    ends = accumulate((bytes_of(value) + _COMMA for value in values), initial=len("[]"))
    return [value for value, end in zip(values, list(ends)[1:], strict=True) if end <= room]


def cut_lists(lists: Mapping[str, Sequence[Any]], room: int) -> dict[str, list[Any]]:
    """Cut the lists of an object to ``room`` bytes, all at the same number of bytes.

    Where there are so many lists that none has room, the last ones stay.
    """
    for kept in range(len(lists), 0, -1):
        some = dict(list(lists.items())[-kept:])
        share = (room - bytes_of(dict.fromkeys(some, 0))) // kept
        found = {name: cut_list(values, share) for name, values in some.items()}
        if all(found[name] or not lists[name] for name in some):
            return found
    return {}
