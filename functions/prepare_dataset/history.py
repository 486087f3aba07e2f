"""Each customer's purchases, newest first, and the batch job's input in the same order."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from prepare_dataset.arrays import Indices, first_n_of_each
from prepare_dataset.arrow import Texts, pc
from prepare_dataset.interactions import Interactions
from prepare_dataset.jsonlines import (
    join,
    json_numbers,
    json_strings,
    json_times,
    open_gzip,
    pick,
    write_texts,
)

NEWEST_PURCHASES = 50
_CUSTOMERS_AT_A_TIME = 5_000


def write_history(rows: Interactions, history: Path, batch_input: Path, top_n: int) -> None:
    """Write a line per customer, by id: the newest purchases, and a request for ``top_n`` items.

    Of purchases at the same time, the one earlier in the file comes first. A customer's country is
    that of the newest purchase; ``purchases_total`` counts all of them.
    """
    newest = _newest(rows)
    customers, starts = np.unique(rows.customer.codes[newest], return_index=True)
    totals = np.bincount(rows.customer.codes)[customers]
    bounds = np.append(starts, len(newest))
    speller = _Speller(rows)
    with open_gzip(history) as history_file, batch_input.open("wb") as batch_file:
        for begin in range(0, len(customers), _CUSTOMERS_AT_A_TIME):
            some = slice(begin, begin + _CUSTOMERS_AT_A_TIME)
            names = pick(speller.customers, customers[some])
            ends = bounds[begin : begin + _CUSTOMERS_AT_A_TIME + 1]
            write_texts(history_file, speller.lines(names, newest, ends, totals[some]))
            write_texts(batch_file, join('{"user_id": ', names, f', "top_n": "{top_n}"}}\n'))


def _newest(rows: Interactions) -> Indices:
    """Each customer's newest rows, by customer, newest first."""
    order = np.lexsort((-rows.seconds, rows.customer.codes))
    return order[first_n_of_each(rows.customer.codes[order], NEWEST_PURCHASES)]


class _Speller:
    """Spells rows as JSON; ids are spelled once each."""

    def __init__(self, rows: Interactions) -> None:
        self._rows = rows
        self.customers = json_strings(rows.customer.values)
        self._items = json_strings(rows.item.values)
        self._invoices = json_strings(rows.invoice.values)
        self._countries = json_strings(rows.country.values)

    def lines(self, names: Texts, newest: Indices, bounds: Indices, totals: Indices) -> Texts:
        """Spell some customers, the k-th of whom has the rows from ``bounds[k]`` to ``bounds[k + 1]``."""
        purchases = self._purchases(newest[bounds[0] : bounds[-1]])
        lists = pa.ListArray.from_arrays(pa.array(bounds - bounds[0], pa.int32()), purchases)
        return join(
            '{"customer_id":',
            names,
            ',"country":',
            pick(self._countries, self._rows.country.codes[newest[bounds[:-1]]]),
            ',"purchases_total":',
            json_numbers(totals),
            ',"purchases":[',
            pc.binary_join(lists, ","),
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
