"""What the raw file holds, counted apart from any cleaning."""

import numpy as np

from prepare_dataset.clean.cleaning import is_cancellation
from prepare_dataset.clean.parsing import Lookup, Meaning
from prepare_dataset.report.model import Facts
from prepare_dataset.table.arrays import MISSING, Bools, Coded, Codes, recode
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable
from prepare_dataset.table.values import spell_ids


def count_facts(raw: RawTable, meaning: Meaning) -> Facts:
    """Count what the published descriptions of a data set count."""
    with_customer = meaning.customer.codes != MISSING
    codes = raw.columns[Column.STOCK_CODE]
    # As written, outer spaces included: so many stock codes does the file's documentation count.
    spelled = recode(codes, spell_ids(codes.values))
    return Facts(
        customers=_distinct(meaning.customer),
        items=_distinct(spelled),
        items_with_customer=_distinct(spelled, with_customer),
        rows_with_customer=int(with_customer.sum()),
        cancellations=int(is_cancellation(meaning.invoice).sum()),
        non_positive_quantity=_below_or_at_zero(meaning.quantity),
        non_positive_price=_below_or_at_zero(meaning.price) if meaning.price else 0,
        unreadable_dates=_unreadable(meaning.seconds),
        unreadable_quantities=_unreadable(meaning.quantity),
        unreadable_prices=_unreadable(meaning.price),
        exact_duplicates=int(np.count_nonzero(meaning.first_equal != np.arange(len(raw)))),
        overlap_rows=_overlap(raw, meaning.first_equal),
    )


def _distinct(column: Coded, rows: Bools | slice = slice(None)) -> int:
    return int(np.count_nonzero(np.bincount(column.codes[rows] + 1, minlength=1)[1:]))


def _below_or_at_zero(numbers: Lookup[np.float64]) -> int:
    return int(numbers.where(numbers.table <= 0).sum())


def _unreadable(values: Lookup[np.int64] | Lookup[np.float64] | None) -> int:
    """Cells that hold something which is no date or number."""
    if values is None:
        return 0
    return int((values.where(values.unread) & (values.codes != MISSING)).sum())


def _overlap(raw: RawTable, first_equal: Codes) -> int:
    """Rows that an earlier sheet has too."""
    return int((raw.sheet_of_row > raw.sheet_of_row[first_equal]).sum())
