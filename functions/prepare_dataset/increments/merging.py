"""Merges the rows of one file with those of others, so that no line of an invoice is there twice."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from prepare_dataset.clean.conventions import Conventions
from prepare_dataset.clean.parsing import ParsedTable, parse_table
from prepare_dataset.files.limits import MAX_ROWS, MAX_SHEETS_OF_DATASET
from prepare_dataset.increments.lines import Lines
from prepare_dataset.table.arrays import MISSING, Bools, Coded, Codes, first_equal
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable, merge_texts
from retailrec_shared.core.errors import Rejected


class Merged(NamedTuple):
    """The whole table, raw and parsed, and which rows (m,) of the added table are repeated."""

    table: RawTable
    parsed: ParsedTable
    conventions: Conventions
    repeated: Bools


def merge(before: Lines, added: Lines) -> Merged:
    """Add the rows that ``before`` does not have yet.

    Daily exports overlap: a line that occurs n times in ``before`` and m times in ``added`` occurs max(n, m)
    times in the whole, even if the item's description has changed.
    """
    known = len(before.table)
    _refuse_too_many(known + len(added.table), len(before.table.sheets) + len(added.table.sheets))
    table = _concatenate(before.table, added.table)
    parsed = parse_table(table)
    repeated = _repeated(parsed, known)
    if repeated.any():
        keep = np.append(np.ones(known, dtype=bool), ~repeated)
        table, parsed = table.pick(keep), parsed.pick(keep)
    return Merged(table, parsed, added.conventions.or_else(before.conventions), repeated)


def name_sheets(table: RawTable, file: str) -> RawTable:
    """Name a file's unnamed sheets after the file, to distinguish them from those of other files."""
    return replace(table, sheets=[file if name is None else name for name in table.sheets])


def _refuse_too_many(rows: int, sheets: int) -> None:
    if rows > MAX_ROWS:
        raise Rejected(
            f"With this file the dataset would have {rows:,} rows, but at most {MAX_ROWS:,} can be prepared;"
            " upload one file of the newest rows, not as an increment: it replaces the dataset."
        )
    if sheets > MAX_SHEETS_OF_DATASET:
        raise Rejected(
            f"With this file the dataset would have {sheets:,} sheets, but at most {MAX_SHEETS_OF_DATASET:,}"
            " are supported; upload one file of all rows, not as an increment: it replaces the dataset."
        )


def _repeated(parsed: ParsedTable, known: int) -> Bools:
    """Mark the rows from ``known`` on that repeat a line: its first n, if the line occurs n times before."""
    line = first_equal(len(parsed), parsed.invoice_lines())
    there = np.bincount(line[:known], minlength=len(line))
    return _rank(line[known:]) < there[line[known:]]


def _rank(line: Codes) -> Codes:
    """Count, for each row, the rows of the same line before it."""
    order = np.argsort(line, kind="stable")
    ordered = line[order]
    rank = np.empty(len(line), dtype=np.int32)
    rank[order] = np.arange(len(line)) - np.searchsorted(ordered, ordered, side="left")
    return rank


def _concatenate(before: RawTable, added: RawTable) -> RawTable:
    sheets = len(before.sheets)
    return RawTable(
        columns={
            column: _join(before, added, column)
            for column in Column
            if column in before.columns or column in added.columns
        },
        malformed=_join_texts(before.malformed, added.malformed),
        sheets=[*before.sheets, *added.sheets],
        sheet_of_row=np.concatenate([before.sheet_of_row, added.sheet_of_row + np.int16(sheets)]),
        row_numbers=np.concatenate([before.row_numbers, added.row_numbers]),
        columns_of_sheets=[*before.columns_of_sheets, *added.columns_of_sheets],
        normalized=True,
    )


def _join(before: RawTable, added: RawTable, column: Column) -> Coded:
    return _join_texts(*(_cells(table, column) for table in (before, added)))


def _cells(table: RawTable, column: Column) -> Coded:
    found = table.columns.get(column)
    if found is not None:
        return found
    return replace(table.malformed, codes=np.full(len(table), MISSING, dtype=np.int32))


def _join_texts(before: Coded, added: Coded) -> Coded:
    return merge_texts([before.texts(), added.texts()])
