"""Reading every sheet of a workbook."""

from collections.abc import Callable
from pathlib import Path

import fastexcel
import pyarrow as pa

from prepare_dataset.columns import HEADER_ROWS_SEARCHED, Column, find_header
from prepare_dataset.rawtable import RawTable, RawTableBuilder
from retailrec_shared.errors import Rejected


def read_xlsx(path: Path, progress: Callable[[str], None]) -> RawTable:
    """Read all sheets that hold anything; they must have the same columns, in any order.

    Everything is read as text, because all-digit codes are stored as numbers beside codes stored as
    text. A number cell keeps nine decimals, and one that is whole has none: ``85048``, never ``85048.0``.
    """
    workbook = _Workbook()
    sheet = None
    try:
        reader = fastexcel.read_excel(path)
        for sheet in reader.sheet_names:
            # skip_rows=0 keeps the empty rows at the top, so that rows are numbered as the sheet shows them.
            # Nothing here holds the cells, so that one sheet is gone before the next is read.
            rows = workbook.add(
                sheet, reader.load_sheet_eager(sheet, header_row=None, skip_rows=0, dtypes="string")
            )
            progress(f"read {rows:,} rows of sheet {sheet}")
    except fastexcel.FastExcelError as problem:
        raise Rejected(
            "The workbook is damaged and cannot be read; save it again as xlsx.", sheet=sheet
        ) from problem
    return workbook.build()


class _Workbook:
    """Collects sheets that agree on their columns."""

    def __init__(self) -> None:
        self._builder = RawTableBuilder()
        self._first: tuple[str, frozenset[Column]] | None = None

    def add(self, name: str, cells: pa.RecordBatch) -> int:
        """Add a sheet, row 1 first; return its number of rows."""
        if all(len(column) == column.null_count for column in cells.columns):
            return 0
        header = find_header(_first_rows(cells), sheet=name)
        self._agree(name, frozenset(header.positions))
        self._builder.start_sheet(name)
        below = cells.slice(header.row + 1)
        texts = {column: below.column(position) for column, position in header.positions.items()}
        return self._builder.add(texts, first_row=header.row + 2)

    def _agree(self, name: str, columns: frozenset[Column]) -> None:
        self._first = self._first or (name, columns)
        first, wanted = self._first
        if columns == wanted:
            return
        lacking, extra = sorted(wanted - columns), sorted(columns - wanted)
        differences = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [f"adds {', '.join(extra)}"] * bool(
            extra
        )
        raise Rejected(
            f"The sheets have different headers: “{name}” {' and '.join(differences)} compared with"
            f" “{first}”; give all sheets the same columns or remove the sheet.",
            sheet=name,
        )

    def build(self) -> RawTable:
        """Unite the sheets."""
        if self._first is None:
            raise Rejected("The workbook is empty; save it again with the transactions in it.")
        return self._builder.build()


def _first_rows(cells: pa.RecordBatch) -> list[tuple[str | None, ...]]:
    head = cells.slice(0, HEADER_ROWS_SEARCHED)
    return list(zip(*(column.to_pylist() for column in head.columns), strict=True))
