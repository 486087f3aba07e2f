"""Request bodies: what they may ask, and what is said when they ask wrongly."""

import json
from dataclasses import dataclass
from typing import Any

from recommender.errors import RequestError

DEFAULT_TOP_N = 10
MAX_TOP_N = 1000
# What one body may ask for in all: keeps the answer to some 100 MB.
MAX_RECOMMENDATIONS = 2_000_000
JSON_TYPES = ("application/json", "application/jsonlines", "application/x-jsonlines")
FIELDS = ("user_id", "top_n", "exclude_purchased")


@dataclass(frozen=True, slots=True)
class Query:
    """One customer's wish for recommendations."""

    user_id: str
    top_n: int
    exclude_purchased: bool


def parse_queries(body: bytes, content_type: str | None) -> list[Query]:
    """Read one JSON object, or one a line: SageMaker's MultiRecord sends lines whatever the content type."""
    kind = (content_type or JSON_TYPES[0]).split(";")[0].strip().lower()
    if kind not in JSON_TYPES:
        raise RequestError(f"The content type must be one of {', '.join(JSON_TYPES)}, not {kind}.", 415)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError("The body is not UTF-8 text.") from error
    # Not splitlines(): JSON strings may hold the other characters it splits at.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line and not line.isspace()]
    if not lines:
        raise RequestError('The body is empty; send {"user_id": "...", "top_n": "..."}.')
    if len(lines) == 1 or (kind == JSON_TYPES[0] and _is_json(text)):
        return [_query(text)]
    queries = [_numbered(number, line) for number, line in lines]
    if sum(query.top_n for query in queries) > MAX_RECOMMENDATIONS:
        raise RequestError(
            f"One body may ask for {MAX_RECOMMENDATIONS} recommendations in all, not more.", 413
        )
    return queries


def _is_json(text: str) -> bool:
    """Tell one object spread over lines from several objects, one a line."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _numbered(number: int, line: str) -> Query:
    try:
        return _query(line)
    except RequestError as error:
        raise RequestError(f"Line {number}: {error}", error.status) from error


def _query(text: str) -> Query:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError("This is not JSON.") from error
    if not isinstance(fields, dict):
        raise RequestError("This is not a JSON object.")
    if unknown := sorted(fields.keys() - set(FIELDS)):
        raise RequestError(f"Unknown field: {', '.join(unknown)[:200]}. Known are: {', '.join(FIELDS)}.")
    return Query(
        _user_id(fields.get("user_id")),
        _top_n(fields.get("top_n", DEFAULT_TOP_N)),
        _exclude_purchased(fields.get("exclude_purchased", True)),
    )


def _user_id(value: Any) -> str:
    # A number is refused, not converted: it would already have lost leading zeros.
    if not isinstance(value, str) or not value:
        raise RequestError("user_id must be a string that is not empty.")
    return value


def _top_n(value: Any) -> int:
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if not (
        text.isascii()
        and text.isdecimal()
        and len(text) <= len(str(MAX_TOP_N))
        and 1 <= int(text) <= MAX_TOP_N
    ):
        raise RequestError(f"top_n must be a whole number from 1 to {MAX_TOP_N}.")
    return int(text)


def _exclude_purchased(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise RequestError("exclude_purchased must be true or false.")
    return value
