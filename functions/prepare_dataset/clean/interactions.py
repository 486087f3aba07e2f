"""The rows that cleaning kept: who bought what, when, and how much."""

from dataclasses import dataclass

import numpy as np

from prepare_dataset.clean.parsing import ParsedTable
from prepare_dataset.table.arrays import Coded, Floats, Indices, Ints


@dataclass(frozen=True)
class Interactions:
    """The n rows that cleaning kept. ``seconds`` are since 1970; ``price`` is NaN where the file has none."""

    customer: Coded
    item: Coded
    invoice: Coded
    description: Coded
    country: Coded
    seconds: Ints
    quantity: Floats
    price: Floats

    def __len__(self) -> int:
        return len(self.seconds)


def interactions(parsed: ParsedTable, rows: Indices) -> Interactions:
    """Take the rows that cleaning kept."""
    return Interactions(
        customer=parsed.customer.take(rows),
        item=parsed.item.take(rows),
        invoice=parsed.invoice.take(rows),
        description=parsed.description.take(rows),
        country=parsed.country.take(rows),
        seconds=parsed.seconds.at(rows),
        quantity=parsed.quantity.at(rows),
        price=parsed.price.at(rows) if parsed.price else np.full(len(rows), np.nan),
    )
