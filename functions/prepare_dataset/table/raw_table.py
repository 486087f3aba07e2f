"""Every row of a file as it was read, whatever the format: the common ground of all readers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prepare_dataset.files.limits import MAX_ROWS, MAX_TABLE_BYTES, too_many_rows
from prepare_dataset.table.arrays import MISSING, Bools, Coded, Codes, encode
from prepare_dataset.table.arrow import CODED_TEXT, TEXT, AnyArray, CodedTexts, pc, truths
from prepare_dataset.table.columns import Column
from retailrec_shared.core.errors import Rejected


@dataclass(frozen=True)
class Place:
    """Where a row stands in the file: ``row`` counts from 1, header included."""

    sheet: str | None
    row: int


@dataclass(frozen=True)
class RawTable:
    """The n rows of a file: the text of each cell, coded, and where each row stands.

    A column that the file lacks is absent from ``columns``; one that only some sheets lack has no cells
    there, and ``columns_of_sheets`` tells. ``lines`` holds the text of those csv
    lines that could not be cut into cells; all their cells are missing. In a ``settled`` table every date
    and number that can be read is spelled in the one plain way (clean/normalization.py). ``since_1904``: what
    the serial numbers of days count from.
    """

    columns: Mapping[Column, Coded]
    lines: Coded
    sheets: list[str | None]
    sheet_of_row: npt.NDArray[np.int16]
    row_numbers: Codes
    columns_of_sheets: list[frozenset[Column]]
    settled: bool = False
    since_1904: bool = False

    def __len__(self) -> int:
        return len(self.row_numbers)

    def place(self, row: int) -> Place:
        """Where row ``row`` (0-based) stands in the file."""
        return Place(self.sheets[self.sheet_of_row[row]], int(self.row_numbers[row]))

    def lacks(self, column: Column) -> Bools:
        """Tell the rows of sheets that lack a column."""
        return np.array([column not in columns for columns in self.columns_of_sheets])[self.sheet_of_row]

    def pick(self, rows: Bools) -> "RawTable":
        """Keep the rows (n,) that are marked."""
        return replace(
            self,
            columns={column: texts.pick(rows) for column, texts in self.columns.items()},
            lines=self.lines.pick(rows),
            sheet_of_row=self.sheet_of_row[rows],
            row_numbers=self.row_numbers[rows],
        )

    def rows_of_sheets(self) -> list[int]:
        """How many rows each sheet has."""
        counts: list[int] = np.bincount(self.sheet_of_row, minlength=len(self.sheets)).tolist()
        return counts


@dataclass
class RawTableBuilder:
    """Collects batches of texts into a raw table; each batch is coded at once and let go."""

    _columns: dict[Column, list[CodedTexts]] = field(default_factory=dict)
    _lines: list[CodedTexts] = field(default_factory=list)
    _sheets: list[str | None] = field(default_factory=list)
    _sheet_of_row: list[npt.NDArray[np.int16]] = field(default_factory=list)
    _row_numbers: list[Codes] = field(default_factory=list)
    _columns_of_sheets: list[frozenset[Column]] = field(default_factory=list)
    _rows: int = 0
    _bytes: int = 0

    def start_sheet(self, name: str | None) -> None:
        """Say that the batches to come belong to a new sheet."""
        self._sheets.append(name)
        self._columns_of_sheets.append(frozenset())

    def add(self, columns: Mapping[Column, AnyArray], first_row: int) -> int:
        """Add a batch of rows whose first stands at ``first_row``; return the rows that were not blank.

        A row without any text is a gap that a spreadsheet shows, not a row of the table.
        """
        coded = {column: _coded(texts) for column, texts in columns.items()}
        blank = np.logical_and.reduce(
            [texts.indices.is_null().to_numpy(zero_copy_only=False) for texts in coded.values()]
        )
        numbers = np.arange(first_row, first_row + len(blank), dtype=np.int32)
        if blank.any():
            keep = pa.array(~blank)
            coded = {column: texts.filter(keep) for column, texts in coded.items()}
            numbers = numbers[~blank]
        self._columns_of_sheets[-1] |= frozenset(coded)
        for column in {**self._columns, **coded}:
            self._append(column, coded.get(column), len(numbers))
        self._place(pa.nulls(len(numbers), TEXT), numbers)
        self._refuse_too_much()
        return len(numbers)

    def _append(self, column: Column, texts: "CodedTexts | None", rows: int) -> None:
        """Add cells to a column; a sheet need not have each column that another one has."""
        if column not in self._columns:
            self._columns[column] = [pa.nulls(self._rows, CODED_TEXT)]
        self._columns[column].append(pa.nulls(rows, CODED_TEXT) if texts is None else texts)
        self._bytes += 4 * rows + (texts.dictionary.nbytes if texts is not None else 0)

    def _refuse_too_much(self) -> None:
        if self._rows > MAX_ROWS:
            raise too_many_rows(self._rows)
        if self._bytes > MAX_TABLE_BYTES:
            raise Rejected(
                f"After {self._rows:,} rows the file's different texts fill the memory;"
                " split the file and upload the newest part."
            )

    def add_lines(self, texts: Iterable[str], row_numbers: Iterable[int]) -> None:
        """Add lines that could not be cut into cells."""
        lines, numbers = pa.array(texts, TEXT), np.fromiter(row_numbers, dtype=np.int32)
        for batches in self._columns.values():
            batches.append(pa.nulls(len(numbers), CODED_TEXT))
        self._place(lines, numbers)

    def _place(self, lines: AnyArray, numbers: Codes) -> None:
        self._lines.append(_coded(lines))
        self._row_numbers.append(numbers)
        self._rows += len(numbers)
        self._sheet_of_row.append(np.full(len(numbers), len(self._sheets) - 1, dtype=np.int16))

    def build(self) -> RawTable:
        """Bring the batches under one numbering per column."""
        table = RawTable(
            columns={column: unite_texts(self._columns.pop(column)) for column in list(self._columns)},
            lines=unite_texts(self._lines),
            sheets=self._sheets,
            sheet_of_row=np.concatenate([np.empty(0, np.int16), *self._sheet_of_row]),
            row_numbers=np.concatenate([np.empty(0, np.int32), *self._row_numbers]),
            columns_of_sheets=self._columns_of_sheets,
        )
        # Cells of nothing but spaces turned out to be empty only now.
        blank = table.lines.codes == MISSING
        for column in table.columns.values():
            blank &= column.codes == MISSING
        return table.pick(~blank) if blank.any() else table


def _coded(texts: AnyArray) -> CodedTexts:
    coded: CodedTexts = texts if pa.types.is_dictionary(texts.type) else pc.dictionary_encode(texts)  # type: ignore[assignment]
    return coded


def unite_texts(batches: list[CodedTexts]) -> Coded:
    """Bring batches of texts under one numbering."""
    chunks: Any = pa.chunked_array(batches, CODED_TEXT)  # type: ignore[call-overload]
    united = encode(chunks.unify_dictionaries().combine_chunks())
    blank = pc.equal(pc.utf8_trim_whitespace(united.values), "")
    if not truths(blank).any():
        return united
    # A cell of nothing but spaces is an empty cell.
    return Coded(np.where(united.where(blank), np.int32(MISSING), united.codes), united.values)
