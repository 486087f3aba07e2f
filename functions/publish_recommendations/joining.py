"""Joining the batch job's lines with the customers' histories, both in one order, in one pass."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

Scored = tuple[str, float]


def read_scores(lines: Iterable[str]) -> Iterator[tuple[str, list[Scored]]]:
    """Group the batch output's ``user_id,item_id,score`` lines by user, in their order.

    The contract's output has no header and no line for a user the model does not know.
    """
    rows = (row for row in csv.reader(lines) if row)
    for user, group in groupby(rows, key=lambda row: row[0]):
        yield user, [(item, float(score)) for _, item, score in group]


def join(
    histories: Iterable[Mapping[str, Any]], scores: Iterable[tuple[str, list[Scored]]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each customer's id and serving body.

    Both inputs follow the batch input's order, so neither is held in memory.
    Raises ValueError when a scored user is no customer of the run, or out of order.
    """
    ahead = iter(scores)
    pending = next(ahead, None)
    for history in histories:
        customer = str(history["customer_id"])
        recommendations: list[Scored] = []
        if pending and pending[0] == customer:
            recommendations = pending[1]
            pending = next(ahead, None)
        yield (
            customer,
            {
                "country": history.get("country"),
                "purchases_total": history["purchases_total"],
                "purchases": history["purchases"],
                "recommendations": recommendations,
            },
        )
    if pending:
        raise ValueError(
            f"the batch output names user {pending[0]!r}, who is not next among the run's customers"
        )
