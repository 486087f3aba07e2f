"""Spelling dates and numbers in one plain way, once a file's own conventions have told what they mean.

What a shop's file means follows from the whole file: one date may settle the order of day and month
for all. Rows of several files stand in one table only when each file's own have been settled.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from prepare_dataset.clean.date_fields import NO_TIME
from prepare_dataset.clean.parsing import Meaning
from prepare_dataset.table.arrays import Coded, Floats, Ints
from prepare_dataset.table.arrow import TEXT, Texts, pc
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable


def settle(raw: RawTable, meaning: Meaning) -> RawTable:
    """Spell what could be read plainly; what could not stays as it is, and can be read by nobody later."""
    columns = dict(raw.columns)
    dates = columns[Column.INVOICE_DATE]
    columns[Column.INVOICE_DATE] = Coded(
        dates.codes, _or(_spell_times(meaning.seconds.table[:-1]), dates.values)
    )
    for column, numbers in ((Column.QUANTITY, meaning.quantity), (Column.PRICE, meaning.price)):
        if numbers and column in columns:
            texts = columns[column]
            spelled = _spell_numbers(numbers.table[: len(texts.values)])
            columns[column] = Coded(texts.codes, _or(spelled, texts.values))
    return replace(raw, columns=columns, settled=True, since_1904=False)


def _or(spelled: Texts, texts: Texts) -> Texts:
    settled: Texts = pc.coalesce(spelled, texts)
    return settled


def _spell_times(seconds: Ints) -> Texts:
    times = pa.array(seconds, mask=seconds == NO_TIME).cast(pa.timestamp("s"))
    spelled: Texts = pc.cast(times, TEXT)
    return spelled


def _spell_numbers(numbers: Floats) -> Texts:
    """Spell numbers so that reading them gives the very same ones."""
    return pa.array([_spell(number) for number in numbers.tolist()], TEXT)


def _spell(number: float) -> str | None:
    if np.isnan(number):
        return None
    return str(int(number)) if number.is_integer() else repr(number)
