"""The pairs of customer and item with a purchase, each with the month of the last one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.table.arrays import Bools, Indices, Ints

Months = npt.NDArray[Any]  # of datetime64[M]


@dataclass(frozen=True)
class Purchased:
    """The p pairs of customer and item, by customer code, then by item code.

    ``month`` (p,) is the index among ``months``, the oldest first, of the last purchase of the pair.
    """

    customer: Ints
    item: Ints
    month: Ints
    months: Months
    item_count: int

    @cached_property
    def customers_of_items(self) -> Ints:
        """The number of customers who bought each item (m,), by item code."""
        return np.bincount(self.item, minlength=self.item_count)

    def newest(self, most: int) -> "Purchased":
        """Keep at most ``most`` items of each customer: those bought last, by month, then by item code."""
        counts = np.bincount(self.customer)
        many = np.flatnonzero(counts[self.customer] > most)
        if not len(many):
            return self
        order = many[np.lexsort((self.item[many], -self.month[many], self.customer[many]))]
        rank = np.arange(len(order)) - np.searchsorted(self.customer[order], self.customer[order])
        keep = np.ones(len(self.customer), dtype=bool)
        keep[order[rank >= most]] = False
        return self._some(keep)

    def _some(self, keep: Bools | Indices) -> "Purchased":
        return Purchased(self.customer[keep], self.item[keep], self.month[keep], self.months, self.item_count)


def purchased(rows: Interactions) -> Purchased:
    """Find the pairs of customer and item in the rows."""
    return _last_of_each(rows, rows.customer.codes.astype(np.int64))[1]


def purchased_by_country(rows: Interactions) -> list[tuple[int, Purchased]]:
    """Find the pairs of each country, by country code; rows without a country are left out."""
    customers = np.int64(len(rows.customer.values))
    known = np.flatnonzero(rows.country.codes >= 0)
    owner = rows.country.codes[known] * customers + rows.customer.codes[known]
    owners, pairs = _last_of_each(rows, owner, known)
    countries = owners // customers
    codes, starts = np.unique(countries, return_index=True)
    ends = np.append(starts[1:], len(countries))[: len(starts)]  # empty if no row has a country
    return [
        (int(code), pairs._some(np.arange(begin, end)))
        for code, begin, end in zip(codes, starts, ends, strict=True)
    ]


def _last_of_each(
    rows: Interactions, owner: Ints, picked: Indices | slice = slice(None)
) -> tuple[Ints, Purchased]:
    """Sort owner, item and month as one number, which is several times faster than as three columns."""
    items = len(rows.item.values)
    seen, month = _months(rows.seconds[picked])
    key = (owner * items + rows.item.codes[picked]) * len(seen) + month
    key.sort()
    pair = key // max(len(seen), 1)
    last = np.ones(len(pair), dtype=bool)
    np.not_equal(pair[1:], pair[:-1], out=last[:-1])
    pair, month = pair[last], key[last] % max(len(seen), 1)
    owners = pair // max(items, 1)
    customers = owners % max(len(rows.customer.values), 1)
    return owners, Purchased(customers, pair % max(items, 1), month, seen, items)


def _months(seconds: Ints) -> tuple[Months, Ints]:
    """Return the months that occur, the oldest first, and each row's index among them."""
    if not len(seconds):
        return np.empty(0, dtype="datetime64[M]"), np.empty(0, dtype=np.int64)
    days = seconds // 86_400
    first = int(days.min())
    table = np.arange(first, int(days.max()) + 1).astype("datetime64[D]").astype("datetime64[M]")
    month_of_day = table.astype(np.int64) - int(table[0].astype(np.int64))
    month = month_of_day[days - first]
    occurs = np.flatnonzero(np.bincount(month))
    place = np.zeros(int(month_of_day[-1]) + 1, dtype=np.int64)
    place[occurs] = np.arange(len(occurs))
    return table[0] + occurs, place[month]
