"""Parses the texts of a file to ids, times and numbers."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prepare_dataset.clean.conventions import UNKNOWN, Conventions, Proofs
from prepare_dataset.clean.date_fields import NO_TIME
from prepare_dataset.clean.dates import read_dates, resolve_dates
from prepare_dataset.table.arrays import MISSING, Bools, Coded, Codes, Floats, Indices, first_equal, recode
from prepare_dataset.table.arrow import TEXT, Texts
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable
from prepare_dataset.table.values import (
    NumberStyle,
    clean_ids,
    clean_texts,
    parse_numbers,
    parse_plain_numbers,
    prove_number_styles,
)

Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True)
class Lookup(Generic[Number]):
    """A column of values: ``table`` holds one per distinct text and, last, that of a missing one.

    ``invalid`` marks entries of the table that could not be parsed.
    """

    codes: Codes
    table: npt.NDArray[Number]
    invalid: Bools

    def where(self, answers: Bools) -> Bools:
        """Return the answer for each row, given the answers for the table."""
        return answers[self.codes]

    def at(self, rows: Indices) -> npt.NDArray[Number]:
        """Return the values of some rows."""
        return self.table[self.codes[rows]]

    def pick(self, rows: Bools) -> "Lookup[Number]":
        """Keep some rows; the table stays as it is."""
        return replace(self, codes=self.codes[rows])

    def groups(self) -> Codes:
        """Code rows by value, so that ``12`` and ``12.0`` are one; an invalid text equals only itself."""
        values, inverse = np.unique(np.where(self.invalid, 0, self.table), return_inverse=True)
        table = np.where(self.invalid, len(values) + np.arange(len(self.table)), inverse)
        return table.astype(np.int32)[self.codes]


@dataclass(frozen=True)
class ParsedTable:
    """The n rows of a raw table after parsing; ids and texts are sorted, so that a code is a rank.

    ``malformed`` are the codes of csv lines that could not be split into cells; ``conventions`` are what
    the texts themselves proved; ``contradicting_dates`` are one with the day first and one with the month.
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
    malformed: Codes
    conventions: Conventions = UNKNOWN
    contradicting_dates: tuple[str, str] | None = None

    def __len__(self) -> int:
        return len(self.malformed)

    @cached_property
    def first_equal(self) -> Codes:
        """For each row (n,), the number of the first row that has equal values in every column."""
        return first_equal(len(self), (*self.invoice_lines(), self.description.codes, self.country.codes))

    def invoice_lines(self) -> Iterator[Codes]:
        """Yield the columns that identify a line of an invoice, the most selective first.

        Descriptions and countries are not among them: a shop corrects them later, and the line is the same.
        """
        yield self.invoice.codes
        yield self.item.codes
        yield self.seconds.groups()
        yield self.quantity.groups()
        if self.price:
            yield self.price.groups()
        yield self.customer.codes
        yield self.malformed

    def pick(self, rows: Bools) -> Self:
        """Keep some rows (n,)."""
        return replace(
            self,
            customer=self.customer.pick(rows),
            item=self.item.pick(rows),
            invoice=self.invoice.pick(rows),
            description=self.description.pick(rows),
            country=self.country.pick(rows),
            seconds=self.seconds.pick(rows),
            quantity=self.quantity.pick(rows),
            price=self.price.pick(rows) if self.price else None,
            ambiguous_dates=self.ambiguous_dates[rows],
            malformed=self.malformed[rows],
        )


_TEXTS: Mapping[str, tuple[Column, Callable[[Texts], Texts]]] = {
    "customer": (Column.CUSTOMER_ID, clean_ids),
    "item": (Column.STOCK_CODE, clean_ids),
    "invoice": (Column.INVOICE, clean_ids),
    "description": (Column.DESCRIPTION, clean_texts),
    "country": (Column.COUNTRY, clean_texts),
}


def parse_table(raw: RawTable, known: Conventions = UNKNOWN) -> ParsedTable:
    """Parse every distinct text once.

    ``known`` are conventions that hold where the texts themselves prove none.
    """
    dates = raw.columns[Column.INVOICE_DATE]
    with ThreadPoolExecutor(2) as pool:  # Arrow and numpy let other threads run
        coded = {name: pool.submit(_coded, raw, column, clean) for name, (column, clean) in _TEXTS.items()}
        readings = read_dates(dates.values, since_1904=raw.since_1904)
    texts = {name: column.result() for name, column in coded.items()}
    proofs = Proofs(*readings.proofs(dates.values), _number_proofs(raw))
    conventions = proofs.resolve(known)
    parsed = resolve_dates(readings, conventions.day_first)
    times = np.append(parsed.seconds, NO_TIME)
    parse = parse_plain_numbers if raw.normalized else partial(parse_numbers, style=conventions.numbers)
    # Where a sheet has no quantities, every row counts as one piece; without prices, there is none to check.
    quantity = _numbers(raw, Column.QUANTITY, parse, lacking=1.0) or _always(1.0, len(raw))
    price = _numbers(raw, Column.PRICE, parse, lacking=np.nan)
    return ParsedTable(
        **texts,
        seconds=Lookup(dates.codes, times, times == NO_TIME),
        ambiguous_dates=dates.where(pa.array(parsed.ambiguous)),
        quantity=quantity,
        price=price,
        malformed=raw.malformed.codes,
        conventions=proofs.conventions,
        contradicting_dates=proofs.contradicting_dates,
    )


def _coded(raw: RawTable, column: Column, clean: Callable[[Texts], Texts]) -> Coded:
    texts = raw.columns.get(column)
    if texts is None:
        return Coded(np.full(len(raw), MISSING, dtype=np.int32), pa.array([], TEXT))
    return recode(texts, clean(texts.values))


def _number_proofs(raw: RawTable) -> frozenset[NumberStyle]:
    """Find which decimal marks the numbers prove; numbers of a normalized table are all plain."""
    if raw.normalized:
        return frozenset()
    columns = [raw.columns[column] for column in (Column.QUANTITY, Column.PRICE) if column in raw.columns]
    return prove_number_styles(column.values for column in columns)


def _numbers(
    raw: RawTable, column: Column, parse: Callable[[Texts], Floats], lacking: float
) -> Lookup[np.float64] | None:
    """Parse a column of numbers; ``lacking`` is the value in sheets without the column."""
    texts = raw.columns.get(column)
    if texts is None:
        return None
    table = parse(texts.values)
    invalid = np.isnan(table)
    codes = np.where(raw.lacks(column), np.int32(len(table)), texts.codes)
    return Lookup(codes, np.append(table, [lacking, np.nan]), np.append(invalid, [False, True]))


def _always(value: float, rows: int) -> Lookup[np.float64]:
    return Lookup(np.zeros(rows, dtype=np.int32), np.array([value, value]), np.zeros(2, dtype=bool))
