"""The rows that were kept: who bought what, when, and how much."""

from dataclasses import dataclass

import numpy as np

from prepare_dataset.clean.parsing import Meaning
from prepare_dataset.table.arrays import Coded, Floats, Indices, Ints


@dataclass(frozen=True)
class Interactions:
    """The n rows that were kept. ``seconds`` are since 1970; ``price`` is NaN where the file has none."""

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


def interactions(meaning: Meaning, rows: Indices) -> Interactions:
    """Pick the rows that were kept."""
    return Interactions(
        customer=meaning.customer.take(rows),
        item=meaning.item.take(rows),
        invoice=meaning.invoice.take(rows),
        description=meaning.description.take(rows),
        country=meaning.country.take(rows),
        seconds=meaning.seconds.at(rows),
        quantity=meaning.quantity.at(rows),
        price=meaning.price.at(rows) if meaning.price else np.full(len(rows), np.nan),
    )
