"""Rows of invoices, before the irregularities."""

from dataclasses import dataclass

import numpy as np

from retailrec.generate.invoices import Invoices
from retailrec.generate.lines import Shop
from retailrec.generate.noise import Floats, Ints

NO_NAME = -1


@dataclass
class Rows:
    """Arrays over rows, changed in place."""

    invoice: Ints
    line: Ints  # the line that it shows: its own, but for cancellations
    item: Ints  # index into the catalogue's codes
    name: Ints  # index into the catalogue's names, or NO_NAME
    quantity: Ints
    price: Floats


def make_rows(shop: Shop, invoices: Invoices, wanted: Ints) -> Rows:
    """Return the rows of the invoices numbered ``wanted``; cancellations show the lines that they cancel."""
    size = invoices.size[wanted]
    sources, place = np.unique(invoices.source[wanted], return_inverse=True)
    shown = shop.lines(invoices, sources)
    begins = np.cumsum(invoices.size[sources]) - invoices.size[sources]
    position = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    take = np.repeat(begins[place], size) + position
    invoice, item = np.repeat(wanted, size), shown.item[take]
    former = invoices.day[invoice] < shop.catalogue.renamed_day[item]
    return Rows(
        invoice=invoice,
        line=invoices.first_line[invoices.source[invoice]] + position,
        item=item,
        name=item + former * shop.shape.items,
        quantity=shown.quantity[take],
        price=shown.price[take],
    )
