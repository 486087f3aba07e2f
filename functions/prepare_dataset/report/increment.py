"""Counts the rows of an increment for the quality report of the whole dataset."""

import numpy as np

from prepare_dataset.clean.cleaning import Reasons, count_reasons
from prepare_dataset.clean.dates import to_datetime
from prepare_dataset.clean.parsing import ParsedTable
from prepare_dataset.clean.reasons import KEPT
from prepare_dataset.increments.append import AddedRows
from prepare_dataset.table.arrays import Bools, Coded, Codes
from retailrec_shared.contract.quality_report import IncrementRows, SheetRows


def report_increment(added: AddedRows, parsed: ParsedTable, reasons: Reasons) -> IncrementRows:
    """Count the rows of an increment that were kept, repeated and rejected."""
    kept = reasons == KEPT
    mine = np.zeros(len(reasons), dtype=bool)
    mine[added.begin : added.end] = True
    seconds = parsed.seconds.at(np.flatnonzero(kept & mine))
    return IncrementRows(
        sheets=[
            SheetRows(name=name, rows=rows)
            for name, rows in zip(added.own.sheets, added.own.rows_of_sheets(), strict=True)
        ],
        rows_read=len(added.own),
        rows_repeated=int(added.repeated.sum()),
        rows_kept=int((kept & mine).sum()),
        rejected=count_reasons(reasons[mine]),
        customers=len(_distinct(parsed.customer, kept & mine)),
        items=len(_distinct(parsed.item, kept & mine)),
        new_customers=_only(parsed.customer, kept & mine, kept & ~mine),
        new_items=_only(parsed.item, kept & mine, kept & ~mine),
        first_timestamp=to_datetime(seconds.min()) if len(seconds) else None,
        last_timestamp=to_datetime(seconds.max()) if len(seconds) else None,
    )


def _distinct(column: Coded, rows: Bools) -> Codes:
    found: Codes = np.unique(column.codes[rows])
    return found


def _only(column: Coded, rows: Bools, others: Bools) -> int:
    return len(np.setdiff1d(_distinct(column, rows), _distinct(column, others), assume_unique=True))
