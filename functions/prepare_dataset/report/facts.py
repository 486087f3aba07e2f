"""Counts what the raw file contains, before any cleaning."""

import numpy as np

from prepare_dataset.clean.cleaning import is_cancellation
from prepare_dataset.clean.parsing import Lookup, ParsedTable
from prepare_dataset.table.arrays import MISSING, Bools, Coded, Codes, recode
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable
from prepare_dataset.table.values import format_ids
from retailrec_shared.contract.quality_report import Facts


def count_facts(raw: RawTable, parsed: ParsedTable) -> Facts:
    """Count what the published descriptions of a data set count."""
    with_customer = parsed.customer.codes != MISSING
    codes = raw.columns[Column.STOCK_CODE]
    # As written, outer spaces included: so the file's documentation counts its stock codes.
    as_written = recode(codes, format_ids(codes.values))
    return Facts(
        customers=_distinct(parsed.customer),
        items=_distinct(as_written),
        items_with_customer=_distinct(as_written, with_customer),
        rows_with_customer=int(with_customer.sum()),
        cancellations=int(is_cancellation(parsed.invoice).sum()),
        non_positive_quantity=_below_or_at_zero(parsed.quantity),
        non_positive_price=_below_or_at_zero(parsed.price) if parsed.price else 0,
        unreadable_dates=_unreadable(parsed.seconds),
        unreadable_quantities=_unreadable(parsed.quantity),
        unreadable_prices=_unreadable(parsed.price),
        exact_duplicates=int(np.count_nonzero(parsed.first_equal != np.arange(len(raw)))),
        overlap_rows=_overlap(raw, parsed.first_equal),
    )


def _distinct(column: Coded, rows: Bools | slice = slice(None)) -> int:
    return int(np.count_nonzero(np.bincount(column.codes[rows] + 1, minlength=1)[1:]))


def _below_or_at_zero(numbers: Lookup[np.float64]) -> int:
    return int(numbers.where(numbers.table <= 0).sum())


def _unreadable(values: Lookup[np.int64] | Lookup[np.float64] | None) -> int:
    """Count cells with a text that cannot be parsed."""
    if values is None:
        return 0
    return int((values.where(values.invalid) & (values.codes != MISSING)).sum())


def _overlap(raw: RawTable, first_equal: Codes) -> int:
    """Count rows that an earlier sheet has, too."""
    return int((raw.sheet_of_row > raw.sheet_of_row[first_equal]).sum())
