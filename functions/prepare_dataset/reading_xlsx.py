"""Reading every sheet of a workbook."""

from collections.abc import Callable
from pathlib import Path

import fastexcel

from prepare_dataset.columns import OUR_HEADERS, REQUIRED, Headers, find_header
from prepare_dataset.rawtable import RawTable, RawTableBuilder
from prepare_dataset.sheet_helper import helper
from prepare_dataset.sheets import Sheet, load_sheet
from retailrec_shared.errors import Rejected


def read_xlsx(path: Path, progress: Callable[[str], None], headers: Headers = OUR_HEADERS) -> RawTable:
    """Read all sheets that hold transactions; each may have its columns in any order.

    Everything is read as text, because all-digit codes are stored as numbers beside codes stored as text.
    """
    workbook = Workbook(headers)
    name = None
    try:
        reader = fastexcel.read_excel(path)
        with helper(path, reader.sheet_names) as other:
            for name in reader.sheet_names:
                # Nothing here holds the cells, so that one sheet is gone before the next is read.
                rows = workbook.add(name, (other and other.sheet(name)) or load_sheet(reader, name))
                progress(f"read {rows:,} rows of sheet {name}")
    except fastexcel.FastExcelError as problem:
        raise Rejected(DAMAGED, sheet=name) from problem
    except BaseException as problem:
        # What the reader, which is written in Rust, did not foresee; its class cannot be imported.
        if type(problem).__name__ != "PanicException":
            raise
        raise Rejected(DAMAGED, sheet=name) from None
    return workbook.build()


DAMAGED = "The workbook is damaged and cannot be read; save it again as xlsx."


class Workbook:
    """Collects sheets."""

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
            # Notes, a title page, a chart's few numbers: no row could even hold what is required.
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
        """Unite the sheets."""
        if not self._found:
            raise self._first_refusal or Rejected(
                "The workbook is empty; save it again with the transactions in it."
            )
        return self._builder.build()
