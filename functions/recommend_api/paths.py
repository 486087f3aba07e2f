"""The paths of the API, and the ids in them, decoded in one way whatever encoded them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

METHODS: Mapping[str, str] = {
    "/customers": "GET",
    "/customers/{customer_id}/recommendations": "GET",
    "/customers/{customer_id}/purchases": "GET",
    "/items/popular": "GET",
    "/items/{item_id}/similar": "GET",
    "/items/{item_id}": "GET",
    "/customer/recommendations": "GET",
    "/customer/purchases": "GET",
    "/item/similar": "GET",
    "/item": "GET",
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


def of_event(event: Mapping[str, Any]) -> str:
    """Return a request's path with its id as one percent-encoded segment.

    API Gateway passes a REST API's path as it was sent. `sam local start-api` decodes it, so an id with a
    slash looks like two segments, and `%41` may be what the client sent as `%2541`.
    """
    path: str = event["path"]
    encode = _all_of if _is_decoded(event) else _the_rest_of
    for pattern, known, _ in _PATTERNS:
        found = pattern.fullmatch(path)
        if found:
            return known if known.count("{") == 0 else re.sub(r"\{\w+\}", encode(found[1]), known)
    return path


def _is_decoded(event: Mapping[str, Any]) -> bool:
    """Return whether `sam local start-api` sent this: it takes the resource's path for the request's."""
    context = event.get("requestContext") or {}
    resource = context.get("resourcePath") or ""
    return "{" in resource and context.get("path") == resource


def _all_of(text: str) -> str:
    return quote(text, safe="")


def _the_rest_of(text: str) -> str:
    """Encode what is not encoded; a text that no client can have encoded is taken as it is."""
    return quote(unquote(text) if _ENCODED.fullmatch(text) else text, safe="")
