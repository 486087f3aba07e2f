"""What is bought: the items, quantities and prices of invoices' lines.

Every number is drawn for the line's own number (see ``noise``), so the lines of
any invoice can be made at any time, and are always the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retailrec.generate.catalogue import Catalogue
from retailrec.generate.choices import Choices
from retailrec.generate.customers import Customers
from retailrec.generate.invoices import NOBODY, Invoices
from retailrec.generate.noise import Floats, Ints, Noise
from retailrec.generate.shape import Shape

DRAWS_BY_TASTE = 7  # to find an item that is on sale and not on the invoice already
DRAWS = 60  # from then on, any item will do: each draw finds one for half of the lines
PACKS = np.array([1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 25, 36, 48, 72, 96])
ANONYMOUS_VOLUME, ANONYMOUS_MARKUP = 0.12, 1.9  # web orders are small and pay the retail price


@dataclass(frozen=True)
class Lines:
    """Arrays over the lines of some invoices, invoice after invoice."""

    item: Ints
    quantity: Ints
    price: Floats


class Shop:
    """Everything that decides what is bought."""

    def __init__(self, shape: Shape, noise: Noise, catalogue: Catalogue, customers: Customers) -> None:
        self.shape, self.noise, self.catalogue, self.customers = shape, noise, catalogue, customers
        self._choices = Choices(noise, catalogue, customers)

    def lines(self, invoices: Invoices, wanted: Ints) -> Lines:
        """Return the lines of the invoices numbered ``wanted``."""
        size = invoices.size[wanted]
        invoice = np.repeat(wanted, size)
        position = np.arange(len(invoice)) - np.repeat(np.cumsum(size) - size, size)
        line = invoices.first_line[invoice] + position
        customer = invoices.customer[invoice].astype(np.int64)
        item = self._items(line, invoice, customer, invoices.day[invoice])
        return Lines(item, *self._amounts(line, item, customer))

    def _items(self, line: Ints, invoice: Ints, customer: Ints, day: Ints) -> Ints:
        """Return an item for each line that is on sale that day and not on the invoice already."""
        catalogue, item = self.catalogue, np.zeros(len(line), np.int64)
        open_ = again = np.arange(
            len(line)
        )  # lines of invoices without a valid item yet, and those to draw again
        for draw in range(DRAWS):
            if draw < DRAWS_BY_TASTE:
                item[again] = self._choices.wanted(draw, line[again], customer[again])
            else:
                anything = self.noise.uniform(f"anything {draw}", line[again])
                item[again] = (anything * len(catalogue.price)).astype(np.int64)
            here, today = item[open_], day[open_]
            off_sale = (today < catalogue.first_day[here]) | (today >= catalogue.last_day[here])
            again = open_[off_sale | _seen_before(invoice[open_], here)]
            open_ = open_[np.isin(invoice[open_], invoice[again])]
        return item

    def _amounts(self, line: Ints, item: Ints, customer: Ints) -> tuple[Ints, Floats]:
        """Return quantities and prices: cheap things are bought by the dozen, web orders one by one."""
        price, anonymous = self.catalogue.price[item], customer == NOBODY
        volume = np.where(anonymous, ANONYMOUS_VOLUME, self.customers.volume[customer])
        level = 0.85 * self.noise.uniform("quantity", line) ** 1.5
        level += 0.15 * np.log1p(volume) - 0.08 * np.log1p(price)
        quantity = PACKS[(level * len(PACKS)).astype(np.int64).clip(0, len(PACKS) - 1)]
        return quantity, np.where(anonymous, np.round(price * ANONYMOUS_MARKUP, 2), price)


def _seen_before(invoice: Ints, item: Ints) -> NDArray[np.bool_]:
    """Return for each line whether an earlier line of its invoice has the same item."""
    key = invoice << 32 | item
    order = np.argsort(key, kind="stable")
    seen = np.zeros(len(key), np.bool_)
    seen[order[1:]] = key[order[1:]] == key[order[:-1]]
    return seen
