"""Writes tables as an xlsx workbook, a million rows in a few seconds.

A writer of our own, because those on PyPI that are as fast want whole columns of
one type in memory, while real sheets hold codes as numbers in one row and as text in
the next. Cells are made by Arrow, a batch at a time, and go straight into the zip.
Format: ECMA-376 part 1, chapter 18.
"""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import IO, Any

import numpy as np
import pyarrow as pa

from retailrec.generate import workbook
from retailrec.generate.text import Column, compute, content, joined

MOST_ROWS = 1_048_576  # of a sheet, its header included
EPOCH_MS = 2_209_161_600_000  # from 1899-12-30, where spreadsheets count days from, to 1970
DAY_MS = 86_400_000
# Codes that a spreadsheet keeps as numbers; a leading zero or a sixteenth digit would be lost.
NUMBER = r"^(0|[1-9][0-9]{0,14})$"
MIXED = frozenset({"Invoice", "StockCode"})
NUMBER_CELL, TEXT_CELL, DATE_CELL = '"><v>', '" t="s"><v>', '" s="1"><v>'
COMPRESSION = 1  # level 6 takes twice as long for a fifth less


class SharedStrings(dict[str, int]):
    """Numbers the strings of a workbook in the order in which they are first used."""

    def numbers(self, column: Column) -> Column:
        """Return the numbers of a column of strings, as strings; null where there is none."""
        encoded: Any = column.dictionary_encode()
        numbers = [self.setdefault(text, len(self)) for text in encoded.dictionary.to_pylist()]
        result: Column = pa.array(numbers, pa.int64()).take(encoded.indices).cast(pa.string())
        return result


def _mixed(column: Column, strings: SharedStrings) -> tuple[Column, Column]:
    """Return the kinds and the values of cells, of which some are numbers and some are text."""
    choose, is_number = compute.if_else, compute.match_substring_regex(column, NUMBER)
    text = strings.numbers(choose(is_number, None, column))
    return choose(is_number, NUMBER_CELL, TEXT_CELL), choose(is_number, column, text)


def _cells(column: Column, mixed: bool, letter: str, row: Column, strings: SharedStrings) -> Column:
    """Return a column's cells as XML; an empty string where there is no value."""
    kind: Column | str
    if mixed:
        kind, value = _mixed(column, strings)
    elif pa.types.is_string(column.type):
        kind, value = TEXT_CELL, strings.numbers(column)
    elif pa.types.is_timestamp(column.type):
        since = compute.add(column.cast(pa.timestamp("ms")).cast(pa.int64()), EPOCH_MS).cast(pa.float64())
        kind, value = DATE_CELL, compute.divide(since, float(DAY_MS)).cast(pa.string())
    else:
        kind, value = NUMBER_CELL, column.cast(pa.string())
    cells: Column = compute.fill_null(joined(f'<c r="{letter}', row, kind, value, "</v></c>"), "")
    return cells


def _rows(batch: pa.RecordBatch, first: int, strings: SharedStrings) -> memoryview:
    """Return a batch's rows as XML; ``first`` is the first row's number in the sheet."""
    row: Column = pa.array(np.arange(first, first + batch.num_rows)).cast(pa.string())
    cells = [
        _cells(column, name in MIXED, letter, row, strings)
        for letter, name, column in zip(ascii_uppercase, batch.schema.names, batch.columns, strict=False)
    ]
    return content(joined('<row r="', row, '">', *cells, "</row>"))


def _header(names: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([name]) for name in names], names)


def _write_sheet(part: IO[bytes], batches: Iterable[pa.RecordBatch], strings: SharedStrings) -> None:
    part.write(f'{workbook.HEAD}<worksheet xmlns="{workbook.MAIN}"><sheetData>'.encode())
    row = 1
    for batch in batches:
        for rows in (_header(batch.schema.names), batch) if row == 1 else (batch,):
            if row + rows.num_rows - 1 > MOST_ROWS:
                raise ValueError(f"a sheet of an xlsx file holds {MOST_ROWS:,} rows: write csv or parquet")
            part.write(_rows(rows, row, strings))
            row += rows.num_rows
    part.write(b"</sheetData></worksheet>")


def write_xlsx(path: Path, sheets: Mapping[str, Iterable[pa.RecordBatch]]) -> None:
    """Write each sheet's batches; codes that are all digits become numbers, and times date cells.

    The same rows make the same bytes. Raises ValueError for more rows than a sheet holds.
    """
    strings = SharedStrings()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as file:
        for number, batches in enumerate(sheets.values(), 1):
            with file.open(workbook.sheet_path(number), "w", force_zip64=True) as part:
                _write_sheet(part, batches, strings)
        for name, text in workbook.other_parts(list(sheets), strings).items():
            # open() dates an entry 1980, writestr() would date it today.
            with file.open(name, "w") as part:
                part.write(text.encode())
