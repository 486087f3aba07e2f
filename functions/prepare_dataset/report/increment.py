"""What became of every row of an increment: a part of the quality report of the whole."""

import numpy as np

from prepare_dataset.clean.cleaning import Reasons, count_reasons
from prepare_dataset.clean.dates import to_datetime
from prepare_dataset.clean.parsing import Meaning
from prepare_dataset.clean.reasons import KEPT
from prepare_dataset.increments.append import Added
from prepare_dataset.report.model import IncrementRows, SheetRows
from prepare_dataset.table.arrays import Bools, Coded, Codes


def report_increment(added: Added, meaning: Meaning, reasons: Reasons) -> IncrementRows:
    """Count what an increment brought; the part checks its own sums."""
    kept = reasons == KEPT
    mine = np.zeros(len(reasons), dtype=bool)
    mine[added.begin : added.end] = True
    seconds = meaning.seconds.at(np.flatnonzero(kept & mine))
    return IncrementRows(
        sheets=[
            SheetRows(name=name, rows=rows)
            for name, rows in zip(added.own.sheets, added.own.rows_of_sheets(), strict=True)
        ],
        rows_read=len(added.own),
        rows_repeated=int(added.repeated.sum()),
        rows_kept=int((kept & mine).sum()),
        rejected=count_reasons(reasons[mine]),
        customers=len(_distinct(meaning.customer, kept & mine)),
        items=len(_distinct(meaning.item, kept & mine)),
        new_customers=_only(meaning.customer, kept & mine, kept & ~mine),
        new_items=_only(meaning.item, kept & mine, kept & ~mine),
        first_timestamp=to_datetime(seconds.min()) if len(seconds) else None,
        last_timestamp=to_datetime(seconds.max()) if len(seconds) else None,
    )


def _distinct(column: Coded, rows: Bools) -> Codes:
    found: Codes = np.unique(column.codes[rows])
    return found


def _only(column: Coded, rows: Bools, others: Bools) -> int:
    return len(np.setdiff1d(_distinct(column, rows), _distinct(column, others), assume_unique=True))
