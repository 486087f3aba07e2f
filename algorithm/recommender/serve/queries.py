"""Request bodies: their fields, and a sentence for each error."""

import json
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from recommender.errors import RequestError

DEFAULT_TOP_N = 10
MAX_TOP_N = 1000
MAX_ITEMS = 10_000  # in one list of a query
# For all queries of one body: keeps the response below some 200 MB.
MAX_RECOMMENDATIONS = 4_000_000
JSON_TYPES = ("application/json", "application/jsonlines", "application/x-jsonlines")
FIELDS = ("user_id", "top_n", "exclude_purchased", "exclude", "items", "similar_to")
OF_THE_CONTRACT = {"user_id", "top_n"}


class Query(NamedTuple):
    """One query: for a user, with or without a basket; for a basket; or for items similar to one."""

    user_id: str | None
    top_n: int = DEFAULT_TOP_N
    exclude_purchased: bool = True
    exclude: tuple[str, ...] = ()
    items: tuple[str, ...] | None = None
    similar_to: str | None = None


def parse_queries(body: bytes, content_type: str | None) -> list[Query]:
    """Parse one JSON object, or one on each line: MultiRecord sends lines whatever the content type."""
    _check_type(content_type)
    try:
        return [_query(orjson.loads(body))]
    except (
        orjson.JSONDecodeError
    ):  # not one object of strict JSON: lines, or what only the standard parser accepts
        return _lines(body)


@lru_cache(64)
def _check_type(content_type: str | None) -> None:
    kind = (content_type or JSON_TYPES[0]).split(";")[0].strip().lower()
    if kind not in JSON_TYPES:
        raise RequestError(f"The content type must be one of {', '.join(JSON_TYPES)}, not {kind[:200]}.", 415)


def _lines(body: bytes) -> list[Query]:
    body = body.removeprefix(b"\xef\xbb\xbf")
    # Not splitlines(): JSON strings may hold the other characters it splits at.
    lines = [
        (number, line) for number, line in enumerate(body.split(b"\n"), 1) if line and not line.isspace()
    ]
    if not lines:
        raise RequestError('The body is empty; send {"user_id": "...", "top_n": "..."}.')
    if len(lines) == 1:
        return [_parse(body)]
    queries = [_numbered(number, line) for number, line in lines]
    if sum(query.top_n for query in queries) > MAX_RECOMMENDATIONS:
        raise RequestError(
            f"One body may request at most {MAX_RECOMMENDATIONS} recommendations in all: send several.", 413
        )
    return queries


def _numbered(number: int, line: bytes) -> Query:
    try:
        return _parse(line)
    except RequestError as error:
        raise RequestError(f"Line {number}: {error}", error.status) from error


def _parse(text: bytes) -> Query:
    try:
        return _query(orjson.loads(text))
    except orjson.JSONDecodeError:
        # The standard parser accepts unpaired surrogates: no id has them, but they are valid JSON.
        return _query(_parse_leniently(text))


def _parse_leniently(text: bytes) -> Any:
    try:
        return json.loads(text.decode())
    except UnicodeDecodeError as error:
        raise RequestError("The body is not UTF-8 text.") from error
    except (ValueError, RecursionError) as error:
        raise RequestError("This is not JSON.") from error


def _query(fields: Any) -> Query:
    if type(fields) is not dict:
        raise RequestError("This is not a JSON object.")
    if fields.keys() == OF_THE_CONTRACT:
        return Query(_id("user_id", fields["user_id"]), _top_n(fields["top_n"]))
    if unknown := sorted(fields.keys() - set(FIELDS)):
        raise RequestError(f"Unknown field: {', '.join(unknown)[:200]}. Known are: {', '.join(FIELDS)}.")
    if "items" in fields and "similar_to" in fields:
        raise RequestError("Give items or similar_to, not both.")
    needs_user = "items" not in fields and "similar_to" not in fields
    return Query(
        _id("user_id", fields.get("user_id")) if needs_user or "user_id" in fields else None,
        _top_n(fields.get("top_n", DEFAULT_TOP_N)),
        _truth("exclude_purchased", fields.get("exclude_purchased", True)),
        _ids("exclude", fields.get("exclude", [])),
        _ids("items", fields["items"]) if "items" in fields else None,
        _id("similar_to", fields["similar_to"]) if "similar_to" in fields else None,
    )


def _id(field: str, value: Any) -> str:
    # A number is refused, not converted: its leading zeros are already lost.
    if not isinstance(value, str) or not value:
        raise RequestError(f"{field} must be a string that is not empty.")
    return value


def _ids(field: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise RequestError(f"{field} must be a list of item ids, each a string that is not empty.")
    if len(value) > MAX_ITEMS:
        raise RequestError(f"{field} may name at most {MAX_ITEMS} items.")
    return tuple(value)


def _top_n(value: Any) -> int:
    text = (
        value if isinstance(value, str) else str(value) if type(value) is int and abs(value) < 10**9 else ""
    )
    if not (
        text.isascii()
        and text.isdecimal()
        and len(text) <= len(str(MAX_TOP_N))
        and 1 <= int(text) <= MAX_TOP_N
    ):
        raise RequestError(f"top_n must be a whole number from 1 to {MAX_TOP_N}.")
    return int(text)


def _truth(field: str, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise RequestError(f"{field} must be true or false.")
    return value
