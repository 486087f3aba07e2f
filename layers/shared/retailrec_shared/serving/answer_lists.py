"""Reads an algorithm's response: a list of user_id, item_id and score, the best first.

The contract says JSON. The Marketplace algorithm may write the list as a Python literal, which the
published tutorial evaluates with ``eval``. That is accepted here without evaluation: only a scanner reads
a text before everything but a flat list of flat records is refused.

A refusal is logged, and may be sent by e-mail. So it describes an answer and quotes nothing of it, since
answers contain customers' ids.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

MOST_BYTES = 6 * 1024 * 1024  # what a real-time endpoint answers at most
MOST_LITERAL = 512 * 1024  # a thousand items take a fifth of it
DEEPEST = 2  # records in a list

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<open>[\[{])|(?P<close>[\]}])|[,:]
    |'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"
    |-?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,4})?(?![\w.])
    |None\b|True\b|False\b""",
    re.VERBOSE,
)

KINDS: Mapping[type, str] = {int: "a number", float: "a number", bool: "true or false", type(None): "null"}

Scored = tuple[str, float]


class BadAnswer(ValueError):
    """An answer that is not a list of recommendations; the message says what is wrong with it."""


def read_answer(body: bytes | str) -> list[Scored]:
    """Read the item ids and scores of a real-time answer; raises BadAnswer."""
    return [(item, score) for _, item, score in read_rows(body)]


def read_rows(body: bytes | str) -> list[tuple[str, str, float]]:
    """Read user id (empty where none is named), item id and score of each record; raises BadAnswer."""
    rows = _parsed(_text(body))
    if not isinstance(rows, list):
        raise BadAnswer(f"The answer is no list, but {_shown(rows)}.")
    return [_row(number, row) for number, row in enumerate(rows, start=1)]


def as_json(body: bytes | str) -> str:
    """Return an answer as the contract spells it, whichever way it came; raises BadAnswer."""
    text = _text(body)
    rows = read_rows(text)
    try:
        json.loads(text)
    except json.JSONDecodeError:
        records = [dict(zip(("user_id", "item_id", "score"), row, strict=True)) for row in rows]
        return json.dumps(records, ensure_ascii=False)
    return text


def finite(text: str) -> float:
    """Read a score that is written out; raises BadAnswer for anything but a number."""
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise BadAnswer(f"A score is no number, but {_shown(text)}.")
    return score


def _text(body: bytes | str) -> str:
    if len(body) > MOST_BYTES:
        raise BadAnswer(f"The answer is {len(body):,} bytes long, where {MOST_BYTES:,} are allowed.")
    try:
        return body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError as error:
        raise BadAnswer("The answer is not UTF-8.") from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_no_doubles)
    except (json.JSONDecodeError, RecursionError):
        return _python_literal(text)


def _no_number(word: str) -> NoReturn:
    raise BadAnswer(f"{word} is no JSON number.")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise BadAnswer("A record has a field twice.")
    return record


def _python_literal(text: str) -> Any:
    """Read the list as Python spells it: strings, numbers, None, True, False in records in a list."""
    if len(text) > MOST_LITERAL:
        raise BadAnswer(f"The answer is no JSON, and too long to be a Python list: {len(text):,} characters.")
    refusal = BadAnswer(f"The answer is neither JSON nor a Python list of records: {_shown(text)}.")
    if not _harmless(text):
        raise refusal
    import ast  # rarely needed: the API's cold start does without

    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise refusal from error


def _harmless(text: str) -> bool:
    """Return whether a text consists of plain values and brackets, nested at most ``DEEPEST`` deep."""
    depth, end = 0, 0
    for token in _tokens(text):
        depth += bool(token["open"]) - bool(token["close"])
        if not 0 <= depth <= DEEPEST:
            return False
        end = token.end()
    return end == len(text) and depth == 0


def _tokens(text: str) -> Iterator[re.Match[str]]:
    position = 0
    while found := _TOKEN.match(text, position):
        yield found
        position = found.end()


def _row(number: int, row: Any) -> tuple[str, str, float]:
    if not isinstance(row, dict):
        raise BadAnswer(f"Entry {number} is not an object, but {_shown(row)}.")
    for name in ("item_id", "score"):
        if name not in row:
            raise BadAnswer(f"Entry {number} has no {name}; it is {_shown(row)}.")
    return _id(number, row.get("user_id") or ""), _id(number, row["item_id"]), _score(number, row["score"])


def _id(number: int, value: Any) -> str:
    """Take an id as text; a whole number is one that lost its quotes, any other number has lost more."""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise BadAnswer(f"Entry {number} has an id that is no text, but {_shown(value)}.")


def _score(number: int, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadAnswer(f"Entry {number} has a score that is no number, but {_shown(value)}.")
    return finite(str(value))


def _shown(value: Any) -> str:
    """Describe a value without quoting it."""
    if isinstance(value, str):
        return f"{len(value):,} characters that begin with {value[0]!r}" if value else "an empty text"
    if isinstance(value, dict):
        return f"a record of {len(value):,} fields"
    if isinstance(value, list | tuple | set | frozenset):
        return f"a list of {len(value):,}"
    return KINDS.get(type(value), "something else")
