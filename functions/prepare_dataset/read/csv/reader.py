"""Reads csv in blocks: any usual delimiter and encoding, plain or gzipped."""

import dataclasses
import zlib
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from prepare_dataset.files.limits import MAX_MALFORMED_BYTES, MAX_MALFORMED_ROWS, MAX_RECORD_BYTES
from prepare_dataset.read.csv.buffers import ReaderBuffers
from prepare_dataset.read.csv.halves import END, FirstHalf, find_cut
from prepare_dataset.read.csv.layout import (
    Layout,
    Readable,
    as_utf8,
    find_layout,
    likely_encodings,
    open_bytes,
    quotes_close,
)
from prepare_dataset.table.arrays import Coded, Codes
from prepare_dataset.table.arrow import CODED_TEXT, pc, truths
from prepare_dataset.table.columns import OUR_HEADERS, Column, Headers
from prepare_dataset.table.raw_table import RawTable, RawTableBuilder
from retailrec_shared.core.errors import Rejected

_BLOCK = MAX_RECORD_BYTES
_NOTHING_BELOW_HEADER = ("Empty CSV file", "Could not skip initial")


def read_csv(path: Path, *, packed: bool, headers: Headers = OUR_HEADERS) -> RawTable:
    """Read every record. A record with too many or too few cells becomes a row without cells.

    A row's number is that of its record: a line break in quotes does not count, nor does an empty line.
    """
    try:
        for encoding in likely_encodings(path, packed=packed):
            try:
                return _read(
                    path, packed, find_layout(path, packed=packed, encoding=encoding, headers=headers)
                )
            except UnicodeError:
                continue
    except pa.ArrowInvalid as error:
        raise Rejected(
            "The csv cannot be read: it has a line of more than 8 MB, or a quotation mark that is never"
            " closed; export it again."
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise Rejected("The file is cut off or damaged; create it again, or upload it again.") from error
    raise Rejected("The text encoding of the csv is not supported; save it as UTF-8.")


def _read(path: Path, packed: bool, layout: Layout) -> RawTable:
    cut = None if packed else find_cut(path, layout)
    if cut is None:
        return _read_whole(path, packed, layout)
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(_read_second, path, layout, cut)
        first = _read_first(path, layout, cut)
    if first is None:
        return _read_whole(path, packed, layout)
    return _build(path, packed, layout, [first, second.result()])


@dataclass
class _Part:
    """Consecutive records of a file: those with the right number of cells, and the others."""

    batches: Iterable[pa.RecordBatch]
    malformed: list[pa_csv.InvalidRow]


def _read_first(path: Path, layout: Layout, cut: int) -> _Part | None:
    """Read the records before the split; None if the split is within a record."""
    malformed: list[pa_csv.InvalidRow] = []
    with path.open("rb") as file:
        batches = list(_batches(FirstHalf(file, cut, layout), layout, malformed, layout.lines_before_rows))
    last = batches.pop() if batches else None
    if last is None or not last.num_rows or _cells_of_last_row(last) != {END}:
        return None
    return _Part([*batches, last.slice(0, last.num_rows - 1)], malformed)


def _cells_of_last_row(batch: pa.RecordBatch) -> set[Any]:
    return {column.slice(batch.num_rows - 1).to_pylist()[0] for column in batch.columns}


def _read_second(path: Path, layout: Layout, cut: int) -> _Part:
    with path.open("rb") as file:
        file.seek(cut)
        malformed: list[pa_csv.InvalidRow] = []
        return _Part(list(_batches(file, layout, malformed, 0)), malformed)


def _read_whole(path: Path, packed: bool, layout: Layout) -> RawTable:
    """Read all records block by block."""
    malformed: list[pa_csv.InvalidRow] = []
    with (
        open_bytes(path, packed=packed) as file,
        closing(_batches(file, layout, malformed, layout.lines_before_rows)) as batches,
    ):
        return _build(path, packed, layout, [_Part(batches, malformed)])


def _build(path: Path, packed: bool, layout: Layout, parts: list[_Part]) -> RawTable:
    builder = RawTableBuilder()
    builder.start_sheet(None)
    records = 0
    malformed: list[pa_csv.InvalidRow] = []
    bad_numbers: list[int] = []
    for part in parts:
        before = layout.lines_before_rows + records + len(malformed) if part is not parts[0] else 0
        for batch in part.batches:
            cells = {column: batch.column(f"c{place}") for column, place in layout.header.positions.items()}
            builder.add(cells, first_row=records)
            records += batch.num_rows
        bad_numbers += [before + (row.number or 0) for row in part.malformed]
        malformed += part.malformed
    if malformed and not records:
        raise Rejected(
            f"No line has {layout.width} cells as the header has; export the file again.",
            row=layout.lines_before_rows + 1,
        )
    builder.add_malformed((row.text for row in malformed), range(records, records + len(malformed)))
    table = builder.build()
    numbers = _record_numbers(layout, records, bad_numbers)
    table = dataclasses.replace(table, row_numbers=numbers[table.row_numbers])
    _refuse_open_quote(path, packed, layout, table)
    return table


def _batches(
    file: Readable, layout: Layout, malformed: list[pa_csv.InvalidRow], skip: int
) -> Generator[pa.RecordBatch, None, None]:
    """Yield the recognised columns in blocks, dictionary-encoded; columns are named by their position."""
    room = MAX_MALFORMED_BYTES

    def note(row: pa_csv.InvalidRow) -> Literal["skip", "error"]:
        nonlocal room
        malformed.append(row)
        room -= len(row.text)
        return "error" if room < 0 or len(malformed) > MAX_MALFORMED_ROWS else "skip"

    wanted = [f"c{place}" for place in layout.header.positions.values()]
    with ReaderBuffers(as_utf8(file, layout.encoding)) as buffers:
        try:
            yield from buffers.keep(
                pa_csv.open_csv(
                    buffers.file(),
                    # One thread: only then a malformed row has its number, and it is as fast.
                    pa_csv.ReadOptions(
                        use_threads=False,
                        block_size=_BLOCK,
                        skip_rows=skip,
                        column_names=[f"c{place}" for place in range(layout.width)],
                    ),
                    pa_csv.ParseOptions(
                        delimiter=layout.delimiter,
                        newlines_in_values=True,
                        invalid_row_handler=buffers.function(note),
                    ),
                    pa_csv.ConvertOptions(
                        include_columns=wanted,
                        column_types=dict.fromkeys(wanted, CODED_TEXT),
                        null_values=[""],
                        strings_can_be_null=True,
                    ),
                )
            )
        except pa.ArrowInvalid as error:
            buffers.raise_error()
            if room < 0 or len(malformed) > MAX_MALFORMED_ROWS:
                raise Rejected(
                    f"{len(malformed):,} lines or more do not have the {layout.width} cells that the header"
                    " has; export the file again."
                ) from None
            if not str(error).startswith(_NOTHING_BELOW_HEADER):
                raise
        buffers.raise_error()


def _record_numbers(layout: Layout, records: int, malformed: list[int]) -> Codes:
    """Number the records of the file: first those with cells, then the malformed ones."""
    first = layout.lines_before_rows + 1
    numbers = np.arange(first, first + records + len(malformed), dtype=np.int32)
    bad = np.array(malformed, dtype=np.int32)
    return np.concatenate([np.setdiff1d(numbers, bad, assume_unique=True), bad])


def _refuse_open_quote(path: Path, packed: bool, layout: Layout, table: RawTable) -> None:
    """Refuse a file in which the lines after an unclosed quotation mark became part of a cell.

    Such a cell contains a line break. Only if there is one, the marks are counted; their number may be odd in
    a correct file, too, where a mark within a cell stands for inches.
    """
    texts: list[tuple[Column | None, Coded]] = [*table.columns.items(), (None, table.malformed)]
    broken = [(name, column, pc.match_substring(column.values, "\n")) for name, column in texts]
    rows = [(name, column.where(answers)) for name, column, answers in broken if truths(answers).any()]
    suspects = [(int(having.nonzero()[0][-1]), name) for name, having in rows if having.any()]
    if suspects and _count_marks(path, packed) % 2 and not quotes_close(path, packed=packed, layout=layout):
        row, name = max(suspects, key=lambda suspect: table.location(suspect[0]).row)
        raise Rejected(
            "A quotation mark is opened and never closed; correct the cell or export the file again.",
            row=table.location(row).row,
            column=name,
        )


def _count_marks(path: Path, packed: bool) -> int:
    with open_bytes(path, packed=packed) as file:
        return sum(block.count(b'"') for block in iter(lambda: file.read(_BLOCK), b""))
