"""The paths of the API, and the ids in them, decoded in one way whatever encoded them."""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

METHODS: Mapping[str, str] = {
    "/customers": "GET",
    "/customers/{customer_id}/recommendations": "GET",
    "/customers/{customer_id}/purchases": "GET",
    "/items/popular": "GET",
    "/items/{item_id}/similar": "GET",
    "/items/{item_id}": "GET",
    "/recommendations": "POST",
    "/invocations": "POST",
    "/model": "GET",
    "/runs": "GET",
    "/runs/{run_id}": "GET",
    "/openapi.json": "GET",
}
_PATTERNS = [
    (re.compile(re.sub(r"\\{\w+\\}", "(.+)", re.escape(path)), re.DOTALL), path, method)
    for path, method in METHODS.items()
]
_ENCODED = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+")


def find(path: str) -> tuple[str, str] | None:
    """Return a path's template and the one method that it takes, ``None`` for an unknown path."""
    return next(((known, method) for pattern, known, method in _PATTERNS if pattern.fullmatch(path)), None)


def normalize(path: str) -> str:
    """Return the path with its id as one percent-encoded segment.

    API Gateway passes a REST API's path as it was sent. Emulators decode it, so an id with a slash looks
    like two segments.
    """
    for pattern, known, _ in _PATTERNS:
        found = pattern.fullmatch(path)
        if found:
            return known if known.count("{") == 0 else re.sub(r"\{\w+\}", _encoded(found[1]), known)
    return path


def _encoded(text: str) -> str:
    return quote(unquote(text) if _ENCODED.fullmatch(text) else text, safe="")
