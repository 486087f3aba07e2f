"""Writes each customer's purchases, newest first, and the batch job's input in the same order."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.table.arrays import Indices, Ints, first_n_of_each
from prepare_dataset.table.arrow import Texts, pc
from prepare_dataset.write.json_lines import (
    join,
    json_numbers,
    json_strings,
    json_times,
    open_gzip,
    pick,
    write_texts,
)
from prepare_dataset.write.purchased import Purchased

NEWEST_PURCHASES = 50
BOUGHT_ITEMS = 10_000
_BOUGHT_BYTES = 200_000  # a line must fit into an item of DynamoDB, which has at most 400 kB
_CUSTOMERS_AT_A_TIME = 5_000


def write_history(
    rows: Interactions,
    bought: Purchased,
    history: Path,
    batch_input: Path,
    top_n: int,
    *,
    exclude_purchased: bool = True,
) -> None:
    """Write a line per customer, by id: the newest purchases, and a request for ``top_n`` items.

    Of purchases at the same time, the one earlier in the file comes first. A customer's country is
    that of the newest purchase; ``purchases_total`` counts all of them, and ``bought`` has each item once.
    Every algorithm excludes purchased items by default. ``exclude_purchased`` is written only if it is false,
    since the algorithm's contract does not have the field.
    """
    newest = _newest(rows)
    customers, starts = np.unique(rows.customer.codes[newest], return_index=True)
    totals = np.bincount(rows.customer.codes)[customers]
    bounds = np.append(starts, len(newest))
    bought = bought.newest(_fitting(json_strings(rows.item.values)))
    item_bounds = np.append(np.searchsorted(bought.customer, customers), len(bought.item))
    customer_lines = _CustomerLines(rows, bought.item)
    inclusion = "" if exclude_purchased else ', "exclude_purchased": false'
    with open_gzip(history) as history_file, batch_input.open("wb") as batch_file:
        for begin in range(0, len(customers), _CUSTOMERS_AT_A_TIME):
            some = slice(begin, begin + _CUSTOMERS_AT_A_TIME)
            names = pick(customer_lines.customers, customers[some])
            through = slice(begin, begin + _CUSTOMERS_AT_A_TIME + 1)
            lines = customer_lines.lines(names, newest, bounds[through], totals[some], item_bounds[through])
            write_texts(history_file, lines)
            write_texts(batch_file, join('{"user_id": ', names, f', "top_n": "{top_n}"{inclusion}}}\n'))


def _fitting(items: Texts) -> int:
    """Return how many items a line has space for, if all were as long as the longest."""
    longest = pc.max(pc.binary_length(items)).as_py() or 0
    return min(BOUGHT_ITEMS, _BOUGHT_BYTES // (longest + 1))


def _newest(rows: Interactions) -> Indices:
    """Return each customer's newest rows, by customer, newest first."""
    order = np.lexsort((-rows.seconds, rows.customer.codes))
    return order[first_n_of_each(rows.customer.codes[order], NEWEST_PURCHASES)]


class _CustomerLines:
    """Formats customers as JSON lines; each id is formatted once."""

    def __init__(self, rows: Interactions, bought: Ints) -> None:
        self._rows = rows
        self._bought = bought.astype(np.int32)
        self.customers = json_strings(rows.customer.values)
        self._items = json_strings(rows.item.values)
        self._invoices = json_strings(rows.invoice.values)
        self._countries = json_strings(rows.country.values)

    def lines(
        self, names: Texts, newest: Indices, bounds: Indices, totals: Indices, item_bounds: Indices
    ) -> Texts:
        """Format some customers; the k-th has the rows from ``bounds[k]`` to ``bounds[k + 1]``.

        ``item_bounds`` are the same bounds for the items that each customer bought.
        """
        purchases = self._purchases(newest[bounds[0] : bounds[-1]])
        items = pick(self._items, self._bought[item_bounds[0] : item_bounds[-1]])
        return join(
            '{"customer_id":',
            names,
            ',"country":',
            pick(self._countries, self._rows.country.codes[newest[bounds[:-1]]]),
            ',"purchases_total":',
            json_numbers(totals),
            ',"purchases":[',
            _lists(purchases, bounds),
            '],"bought":[',
            _lists(items, item_bounds),
            "]}\n",
        )

    def _purchases(self, picked: Indices) -> Texts:
        rows = self._rows
        return join(
            '{"timestamp":',
            json_times(rows.seconds[picked]),
            ',"invoice":',
            pick(self._invoices, rows.invoice.codes[picked]),
            ',"item_id":',
            pick(self._items, rows.item.codes[picked]),
            ',"quantity":',
            json_numbers(rows.quantity[picked]),
            ',"price":',
            json_numbers(rows.price[picked]),
            "}",
        )


def _lists(texts: Texts, bounds: Indices) -> Texts:
    """Join the texts between each two bounds, relative to the first bound."""
    joined: Texts = pc.binary_join(
        pa.ListArray.from_arrays(pa.array(bounds - bounds[0], pa.int32()), texts), ","
    )
    return joined
