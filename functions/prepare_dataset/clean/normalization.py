"""Writes dates and numbers in one format, after they were parsed by the conventions of their file.

How to read a date follows from the whole file: one date may decide the order of day and month for all.
So the rows of a file are normalized before they are merged with rows of other files.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from prepare_dataset.clean.date_fields import NO_TIME
from prepare_dataset.clean.parsing import ParsedTable
from prepare_dataset.table.arrays import Coded, Floats, Ints
from prepare_dataset.table.arrow import TEXT, Texts, pc
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable


def normalize(raw: RawTable, parsed: ParsedTable) -> RawTable:
    """Write parsed dates and numbers as ISO dates and plain numbers; texts that cannot be parsed stay."""
    columns = dict(raw.columns)
    dates = columns[Column.INVOICE_DATE]
    columns[Column.INVOICE_DATE] = Coded(
        dates.codes, _or_text(_format_times(parsed.seconds.table[:-1]), dates.values)
    )
    for column, numbers in ((Column.QUANTITY, parsed.quantity), (Column.PRICE, parsed.price)):
        if numbers and column in columns:
            texts = columns[column]
            formatted = _format_numbers(numbers.table[: len(texts.values)])
            columns[column] = Coded(texts.codes, _or_text(formatted, texts.values))
    return replace(raw, columns=columns, normalized=True, since_1904=False)


def _or_text(formatted: Texts, texts: Texts) -> Texts:
    normalized: Texts = pc.coalesce(formatted, texts)
    return normalized


def _format_times(seconds: Ints) -> Texts:
    times = pa.array(seconds, mask=seconds == NO_TIME).cast(pa.timestamp("s"))
    formatted: Texts = pc.cast(times, TEXT)
    return formatted


def _format_numbers(numbers: Floats) -> Texts:
    """Write numbers so that parsing them gives exactly the same numbers."""
    return pa.array([_format_number(number) for number in numbers.tolist()], TEXT)


def _format_number(number: float) -> str | None:
    if np.isnan(number):
        return None
    return str(int(number)) if number.is_integer() else repr(number)
