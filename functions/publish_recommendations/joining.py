"""Joins the batch job's lines with the customers' histories, both in the same order, in one pass."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, groupby, islice
from typing import Any, TypeVar

from retailrec_shared.core.errors import Rejected
from retailrec_shared.serving.answer_lists import BadAnswer, Scored, finite, read_rows

FIELDS = 3
# More than any TopN: a list is held in memory.
MOST_ITEMS = 100_000

History = TypeVar("History")


class BadOutput(Rejected):
    """A batch output that cannot be published; the message says why."""


def read_scores(lines: Iterable[str]) -> Iterator[tuple[str, list[Scored]]]:
    """Group the batch output's ``user_id,item_id,score`` lines by user, in their order.

    The contract's output has no header and no line for a user the model does not know. Where each
    line is a list, as an endpoint answers, that is read too. Raises BadOutput for anything else.
    """
    try:
        for user, group in groupby(_rows(iter(lines)), key=lambda row: row[0]):
            yield user, _list(group)
    except (BadAnswer, csv.Error, UnicodeDecodeError) as error:
        said = "It is not UTF-8." if isinstance(error, UnicodeDecodeError) else error
        raise BadOutput(f"The batch output cannot be read. {said}") from error


def _list(rows: Iterator[tuple[str, str, float]]) -> list[Scored]:
    found = [(item, score) for _, item, score in islice(rows, MOST_ITEMS + 1)]
    if len(found) > MOST_ITEMS:
        raise BadAnswer(f"It has more than {MOST_ITEMS:,} lines of one user.")
    return found


def _rows(lines: Iterator[str]) -> Iterator[tuple[str, str, float]]:
    first = next((line for line in lines if line.strip()), "")
    rest = chain([first], lines)
    if first.strip().startswith("[") and first.strip().endswith("]"):
        yield from _listed(rest)
        return
    reader = csv.reader(rest)
    for row in reader:
        if row:
            yield _row(reader.line_num, row)


def _listed(lines: Iterator[str]) -> Iterator[tuple[str, str, float]]:
    for number, line in enumerate(lines, start=1):
        try:
            yield from read_rows(line) if line.strip() else ()
        except BadAnswer as error:
            raise BadAnswer(f"Line {number}: {error}") from error


def _row(number: int, row: list[str]) -> tuple[str, str, float]:
    if len(row) != FIELDS:
        raise BadAnswer(f"Line {number} has {len(row)} fields, where user_id,item_id,score are {FIELDS}.")
    try:
        return row[0], row[1], finite(row[2])
    except BadAnswer as error:
        raise BadAnswer(f"Line {number}: {error}") from error


def pair(
    histories: Iterable[History],
    scores: Iterable[tuple[str, list[Scored]]],
    customer_of: Callable[[History], str],
) -> Iterator[tuple[str, History, list[Scored]]]:
    """Yield each customer's id, history and recommendations, of which there may be none.

    Both inputs follow the batch input's order, so neither is held in memory.
    Raises BadOutput when a scored user is no customer of the run, or out of order.
    """
    ahead = iter(scores)
    pending = next(ahead, None)
    place = 1
    for history in histories:
        customer = customer_of(history)
        recommendations: list[Scored] = []
        if pending and pending[0] == customer:
            recommendations = pending[1]
            pending = next(ahead, None)
            place += 1
        yield customer, history, recommendations
    if pending:
        raise BadOutput(
            f"The batch output names a user, its number {place:,}, who is not next among the customers."
        )


def body_of(history: Mapping[str, Any], recommendations: list[Scored]) -> dict[str, Any]:
    """Return a customer's serving body."""
    return {
        "country": history.get("country"),
        "purchases_total": history["purchases_total"],
        "purchases": history["purchases"],
        "bought": history.get("bought", []),
        "recommendations": recommendations,
    }
