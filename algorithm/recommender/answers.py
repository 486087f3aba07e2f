"""Response bodies: a JSON list, JSON Lines, or headerless CSV, as Accept asks."""

import json
import re
from collections.abc import Callable, Iterable

from recommender.errors import RequestError

JSON, JSON_LINES, CSV = "application/json", "application/jsonlines", "text/csv"
# A user's id and their items with scores, best first.
Answer = tuple[str, list[tuple[str, float]]]

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NEEDS_QUOTES = re.compile(r'[",\r\n]')


def negotiate(accept: str | None) -> str:
    """First media type of the Accept header that can be served; JSON when it names none or any."""
    kinds = [part.split(";")[0].strip().lower() for part in (accept or "").split(",")]
    for kind in kinds:
        if kind in ("", "*/*", "application/*"):
            return JSON
        if kind in _RENDERERS:
            return kind
    raise RequestError(f"Accept must be one of {', '.join(_RENDERERS)}, not {', '.join(kinds)[:200]}.", 406)


def render(answers: Iterable[Answer], media_type: str) -> bytes:
    """Encode answers in order; nothing ends the last line, since SageMaker's AssembleWith adds that."""
    return _RENDERERS[media_type](answers).encode()


def _json(answers: Iterable[Answer]) -> str:
    """One list for all users together; every entry names its user."""
    return _to_json([entry for answer in answers for entry in _entries(answer)])


def _json_lines(answers: Iterable[Answer]) -> str:
    """One list for each user, each on the line of its request."""
    return "\n".join(_to_json(_entries(answer)) for answer in answers)


def _csv(answers: Iterable[Answer]) -> str:
    lines = []
    for user_id, items in answers:
        user = _csv_field(user_id)
        lines += [f"{user},{_csv_field(item)},{score}" for item, score in items]
    return "\n".join(lines)


def _entries(answer: Answer) -> list[dict[str, str | float]]:
    user_id, items = answer
    return [{"user_id": user_id, "item_id": item, "score": score} for item, score in items]


def _csv_field(text: str) -> str:
    if not _NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


_RENDERERS: dict[str, Callable[[Iterable[Answer]], str]] = {
    JSON: _json,
    JSON_LINES: _json_lines,
    "application/x-jsonlines": _json_lines,
    CSV: _csv,
}
