"""What the rows of a file mean: ids, times and numbers instead of texts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prepare_dataset.arrays import MISSING, Bools, Coded, Codes, Indices, first_equal, recode
from prepare_dataset.arrow import TEXT, Texts
from prepare_dataset.columns import Column
from prepare_dataset.datefields import NO_TIME
from prepare_dataset.dates import parse_dates
from prepare_dataset.rawtable import RawTable
from prepare_dataset.values import NumberStyle, clean_ids, clean_texts, find_number_style, parse_numbers

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True)
class Lookup(Generic[Number]):
    """A column of values: ``table`` holds one per distinct text and, last, that of a missing one.

    ``unread`` marks those entries of the table that are no value.
    """

    codes: Codes
    table: npt.NDArray[Number]
    unread: Bools

    def where(self, answers: Bools) -> Bools:
        """Answer for each row, given the answers for the table."""
        return answers[self.codes]

    def at(self, rows: Indices) -> npt.NDArray[Number]:
        """Values of some rows."""
        return self.table[self.codes[rows]]

    def groups(self) -> Codes:
        """Code rows by value, so that ``12`` and ``12.0`` are one; a text without a value is itself."""
        values, inverse = np.unique(np.where(self.unread, 0, self.table), return_inverse=True)
        table = np.where(self.unread, len(values) + np.arange(len(self.table)), inverse)
        return table.astype(np.int32)[self.codes]


@dataclass(frozen=True)
class Meaning:
    """The n rows of a raw table, understood; ids and texts are sorted, so that a code is a rank.

    ``first_equal`` is the number of the first row that means the same in every column.
    """

    customer: Coded
    item: Coded
    invoice: Coded
    description: Coded
    country: Coded
    seconds: Lookup[np.int64]
    ambiguous_dates: Bools
    quantity: Lookup[np.float64]
    price: Lookup[np.float64] | None
    first_equal: Codes


def understand(raw: RawTable) -> Meaning:
    """Give every text its meaning, once per distinct text."""
    dates = raw.columns[Column.INVOICE_DATE]
    parsed = parse_dates(dates.values)
    times = np.append(parsed.seconds, NO_TIME)
    texts = {
        "customer": _coded(raw, Column.CUSTOMER_ID, clean_ids),
        "item": _coded(raw, Column.STOCK_CODE, clean_ids),
        "invoice": _coded(raw, Column.INVOICE, clean_ids),
        "description": _coded(raw, Column.DESCRIPTION, clean_texts),
        "country": _coded(raw, Column.COUNTRY, clean_texts),
    }
    seconds = Lookup(dates.codes, times, times == NO_TIME)
    numbers = [raw.columns[column] for column in (Column.QUANTITY, Column.PRICE) if column in raw.columns]
    style = find_number_style(column.values for column in numbers)
    # Where a sheet has no quantities, every row counts as one piece; without prices, there is none to check.
    quantity = _numbers(raw, Column.QUANTITY, style, lacking=1.0) or _always(1.0, len(raw))
    price = _numbers(raw, Column.PRICE, style, lacking=np.nan)
    return Meaning(
        **texts,
        seconds=seconds,
        ambiguous_dates=dates.where(pa.array(parsed.ambiguous)),
        quantity=quantity,
        price=price,
        first_equal=first_equal(len(raw), _distinguishing(raw, texts, seconds, quantity, price)),
    )


def _distinguishing(
    raw: RawTable, texts: Mapping[str, Coded], *numbers: Lookup[np.int64] | Lookup[np.float64] | None
) -> Iterator[Codes]:
    """Everything in which rows may differ, as codes; what tells most rows apart comes first."""
    yield texts["invoice"].codes
    yield texts["item"].codes
    yield from (column.groups() for column in numbers if column)
    yield from (texts[name].codes for name in ("customer", "description", "country"))
    yield raw.lines.codes


def _coded(raw: RawTable, column: Column, clean: Callable[[Texts], Texts]) -> Coded:
    texts = raw.columns.get(column)
    if texts is None:
        return Coded(np.full(len(raw), MISSING, dtype=np.int32), pa.array([], TEXT))
    return recode(texts, clean(texts.values))


def _numbers(
    raw: RawTable, column: Column, style: NumberStyle | None, lacking: float
) -> Lookup[np.float64] | None:
    """Read a column of numbers; ``lacking`` stands for those of a sheet without the column."""
    texts = raw.columns.get(column)
    if texts is None:
        return None
    table = parse_numbers(texts.values, style)
    unread = np.isnan(table)
    codes = np.where(raw.lacks(column), np.int32(len(table)), texts.codes)
    return Lookup(codes, np.append(table, [lacking, np.nan]), np.append(unread, [False, True]))


def _always(value: float, rows: int) -> Lookup[np.float64]:
    return Lookup(np.zeros(rows, dtype=np.int32), np.array([value, value]), np.zeros(2, dtype=bool))
