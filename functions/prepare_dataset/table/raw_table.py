"""Every row of a file as it was read: the common result of the readers of all formats."""

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
class Location:
    """Where a row is in the file: ``row`` counts from 1, header included."""

    sheet: str | None
    row: int


@dataclass(frozen=True)
class RawTable:
    """The n rows of a file: the text of each cell, coded, and the location of each row.

    A column that the file lacks is absent from ``columns``; one that only some sheets lack has missing cells
    there (``columns_of_sheets``). ``malformed`` holds the text of csv lines that could not be split into
    cells; all their cells are missing. In a ``normalized`` table every date and number that can be parsed
    has one format (clean/normalization.py). ``since_1904``: whether serial numbers of days count from 1904.
    """

    columns: Mapping[Column, Coded]
    malformed: Coded
    sheets: list[str | None]
    sheet_of_row: npt.NDArray[np.int16]
    row_numbers: Codes
    columns_of_sheets: list[frozenset[Column]]
    normalized: bool = False
    since_1904: bool = False

    def __len__(self) -> int:
        return len(self.row_numbers)

    def location(self, row: int) -> Location:
        """Return where row ``row`` (0-based) is in the file."""
        return Location(self.sheets[self.sheet_of_row[row]], int(self.row_numbers[row]))

    def lacks(self, column: Column) -> Bools:
        """Mark the rows of sheets that lack a column."""
        return np.array([column not in columns for columns in self.columns_of_sheets])[self.sheet_of_row]

    def pick(self, rows: Bools) -> "RawTable":
        """Keep the rows (n,) that are marked."""
        return replace(
            self,
            columns={column: texts.pick(rows) for column, texts in self.columns.items()},
            malformed=self.malformed.pick(rows),
            sheet_of_row=self.sheet_of_row[rows],
            row_numbers=self.row_numbers[rows],
        )

    def rows_of_sheets(self) -> list[int]:
        """Count the rows of each sheet."""
        counts: list[int] = np.bincount(self.sheet_of_row, minlength=len(self.sheets)).tolist()
        return counts


@dataclass
class RawTableBuilder:
    """Collects batches of texts into a raw table; each batch is dictionary-encoded at once, then released."""

    _columns: dict[Column, list[CodedTexts]] = field(default_factory=dict)
    _malformed: list[CodedTexts] = field(default_factory=list)
    _sheets: list[str | None] = field(default_factory=list)
    _sheet_of_row: list[npt.NDArray[np.int16]] = field(default_factory=list)
    _row_numbers: list[Codes] = field(default_factory=list)
    _columns_of_sheets: list[frozenset[Column]] = field(default_factory=list)
    _rows: int = 0
    _bytes: int = 0

    def start_sheet(self, name: str | None) -> None:
        """Start a sheet, to which the following batches belong."""
        self._sheets.append(name)
        self._columns_of_sheets.append(frozenset())

    def add(self, columns: Mapping[Column, AnyArray], first_row: int) -> int:
        """Add a batch of rows, the first at ``first_row``; return how many of them were not blank.

        A row without any text is a gap in a spreadsheet, not a row of the table.
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
        self._locate(pa.nulls(len(numbers), TEXT), numbers)
        self._refuse_excess()
        return len(numbers)

    def _append(self, column: Column, texts: "CodedTexts | None", rows: int) -> None:
        """Add cells to a column; a sheet need not have each column that another one has."""
        if column not in self._columns:
            self._columns[column] = [pa.nulls(self._rows, CODED_TEXT)]
        self._columns[column].append(pa.nulls(rows, CODED_TEXT) if texts is None else texts)
        self._bytes += 4 * rows + (texts.dictionary.nbytes if texts is not None else 0)

    def _refuse_excess(self) -> None:
        if self._rows > MAX_ROWS:
            raise too_many_rows(self._rows)
        if self._bytes > MAX_TABLE_BYTES:
            raise Rejected(
                f"After {self._rows:,} rows the file's different texts fill the memory;"
                " split the file and upload the part with the newest rows."
            )

    def add_malformed(self, texts: Iterable[str], row_numbers: Iterable[int]) -> None:
        """Add lines that could not be split into cells."""
        lines, numbers = pa.array(texts, TEXT), np.fromiter(row_numbers, dtype=np.int32)
        for batches in self._columns.values():
            batches.append(pa.nulls(len(numbers), CODED_TEXT))
        self._locate(lines, numbers)

    def _locate(self, lines: AnyArray, numbers: Codes) -> None:
        self._malformed.append(_coded(lines))
        self._row_numbers.append(numbers)
        self._rows += len(numbers)
        self._sheet_of_row.append(np.full(len(numbers), len(self._sheets) - 1, dtype=np.int16))

    def build(self) -> RawTable:
        """Merge the batches of each column."""
        table = RawTable(
            columns={column: merge_texts(self._columns.pop(column)) for column in list(self._columns)},
            malformed=merge_texts(self._malformed),
            sheets=self._sheets,
            sheet_of_row=np.concatenate([np.empty(0, np.int16), *self._sheet_of_row]),
            row_numbers=np.concatenate([np.empty(0, np.int32), *self._row_numbers]),
            columns_of_sheets=self._columns_of_sheets,
        )
        # Only now cells of nothing but spaces are known to be empty.
        blank = table.malformed.codes == MISSING
        for column in table.columns.values():
            blank &= column.codes == MISSING
        return table.pick(~blank) if blank.any() else table


def _coded(texts: AnyArray) -> CodedTexts:
    coded: CodedTexts = texts if pa.types.is_dictionary(texts.type) else pc.dictionary_encode(texts)  # type: ignore[assignment]
    return coded


def merge_texts(batches: list[CodedTexts]) -> Coded:
    """Merge dictionary-encoded batches of texts into one column."""
    chunks: Any = pa.chunked_array(batches, CODED_TEXT)  # type: ignore[call-overload]
    merged = encode(chunks.unify_dictionaries().combine_chunks())
    blank = pc.equal(pc.utf8_trim_whitespace(merged.values), "")
    if not truths(blank).any():
        return merged
    # A cell of nothing but spaces is an empty cell.
    return Coded(np.where(merged.where(blank), np.int32(MISSING), merged.codes), merged.values)
