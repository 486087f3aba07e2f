"""Reads every sheet of a workbook."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from prepare_dataset.files.formats import WORKBOOK_PART
from prepare_dataset.files.limits import WORKBOOK_SECONDS
from prepare_dataset.read.workbook.guard import guard_workbook
from prepare_dataset.read.workbook.sheet import Sheet
from prepare_dataset.read.workbook.sheets import read_sheets
from prepare_dataset.table.columns import OUR_HEADERS, REQUIRED, Headers, find_header
from prepare_dataset.table.raw_table import RawTable, RawTableBuilder
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected

_FROM_1904 = re.compile(rb"""<([A-Za-z_]\w*:)?workbookPr\s[^<>]*\bdate1904\s*=\s*["'](1|true|on)["']""")
_NEAR_START = 64 << 10


def read_workbook(
    path: Path,
    progress: Callable[[str], None],
    headers: Headers = OUR_HEADERS,
    source_format: Format = Format.XLSX,
) -> RawTable:
    """Read all sheets with transactions; each may have its columns in any order.

    Everything is read as text, because a column of codes may have numbers and texts.
    """
    workbook = Workbook(headers)
    # No variable holds the cells, so that the memory of a sheet is free before the next one is read.
    guard = guard_workbook if source_format is Format.XLSX else _guard_nothing
    for name, sheet in read_sheets(path, WORKBOOK_SECONDS[source_format], guard):
        rows = workbook.add(name, sheet)
        progress(f"read {rows:,} rows of sheet {name}")
    table = workbook.build()
    return replace(table, since_1904=source_format is Format.XLSX and _counts_from_1904(path))


def _counts_from_1904(path: Path) -> bool:
    """Return whether the workbook's days count from 1904, which is stated near the start of a part."""
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.replace("\\", "/") == WORKBOOK_PART)
        with archive.open(name) as part:
            return _FROM_1904.search(part.read(_NEAR_START)) is not None


def _guard_nothing(path: Path) -> None:
    """Check nothing: an xls workbook has no compressed parts."""


class Workbook:
    """Collects the sheets of a workbook into one raw table."""

    def __init__(self, headers: Headers) -> None:
        self._builder = RawTableBuilder()
        self._headers = headers
        self._found = False
        self._first_refusal: Rejected | None = None

    def add(self, name: str, sheet: Sheet) -> int:
        """Add a sheet; return its number of rows."""
        if sheet.is_empty:
            return 0
        try:
            header = find_header(sheet.first_rows(), sheet=name, headers=self._headers)
        except Rejected as refusal:
            # Notes, a title page, a chart's few numbers: no row is wide enough for the required columns.
            if sheet.widest_row >= len(REQUIRED):
                raise
            self._first_refusal = self._first_refusal or refusal
            self._builder.start_sheet(name)
            return 0
        self._found = True
        self._builder.start_sheet(name)
        rows = 0
        for row, cells in sheet.below(header.row):
            texts = {column: cells.column(position) for column, position in header.positions.items()}
            rows += self._builder.add(texts, first_row=row)
        return rows

    def build(self) -> RawTable:
        """Return the rows of all sheets."""
        if not self._found:
            raise self._first_refusal or Rejected(
                "The workbook is empty; save it again with the transactions."
            )
        return self._builder.build()
