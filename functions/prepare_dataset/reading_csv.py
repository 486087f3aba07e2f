"""Reading comma-separated text by blocks: any usual delimiter and encoding, plain or gzipped."""

import dataclasses
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from prepare_dataset.arrays import Coded, Codes
from prepare_dataset.arrow import CODED_TEXT, pc
from prepare_dataset.columns import OUR_HEADERS, Column, Headers
from prepare_dataset.csv_layout import Layout, checked, find_layout, likely_encodings, open_bytes
from prepare_dataset.limits import MAX_RECORD_BYTES
from prepare_dataset.rawtable import RawTable, RawTableBuilder
from retailrec_shared.errors import Rejected

_BLOCK = MAX_RECORD_BYTES
_NOTHING_BELOW_HEADER = ("Empty CSV file", "Could not skip initial")


def read_csv(path: Path, *, packed: bool, headers: Headers = OUR_HEADERS) -> RawTable:
    """Read every record. One with too many or too few cells becomes a row without cells.

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
    except pa.ArrowInvalid as problem:
        raise Rejected(
            "The csv cannot be read: it has a line of more than 8 MB, or a quotation mark that is never"
            " closed; export it again."
        ) from problem
    except (OSError, EOFError, zlib.error) as problem:
        raise Rejected("The file is cut off or damaged; pack or upload it again.") from problem
    raise Rejected("The csv is in no known text encoding; save it as UTF-8.")


def _read(path: Path, packed: bool, layout: Layout) -> RawTable:
    builder = RawTableBuilder()
    builder.start_sheet(None)
    malformed: list[pa_csv.InvalidRow] = []
    records = 0
    with open_bytes(path, packed=packed) as file:
        for batch in _batches(file, layout, malformed):
            cells = {column: batch.column(f"c{place}") for column, place in layout.header.positions.items()}
            builder.add(cells, first_row=records)
            records += batch.num_rows
    if malformed and not records:
        raise Rejected(
            f"No line has {layout.width} cells as the header has; export the file again.",
            row=layout.lines_before_rows + 1,
        )
    builder.add_lines((row.text for row in malformed), range(records, records + len(malformed)))
    table = builder.build()
    numbers = _record_numbers(layout, records, [row.number or 0 for row in malformed])
    table = dataclasses.replace(table, row_numbers=numbers[table.row_numbers])
    _refuse_open_quote(path, packed, table)
    return table


def _batches(file: IO[bytes], layout: Layout, malformed: list[pa_csv.InvalidRow]) -> Iterator[pa.RecordBatch]:
    """Yield the recognised columns by blocks, as coded texts; columns are named by their place."""

    def note(row: pa_csv.InvalidRow) -> Literal["skip"]:
        malformed.append(row)
        return "skip"

    wanted = [f"c{place}" for place in layout.header.positions.values()]
    try:
        yield from pa_csv.open_csv(
            checked(file, layout.encoding),
            # One thread: only then does a malformed row know its number, and it is as fast.
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK,
                skip_rows=layout.lines_before_rows,
                column_names=[f"c{place}" for place in range(layout.width)],
                encoding="utf8" if layout.encoding == "utf-8" else layout.encoding,
            ),
            pa_csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            pa_csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, CODED_TEXT),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as problem:
        if not str(problem).startswith(_NOTHING_BELOW_HEADER):
            raise


def _record_numbers(layout: Layout, records: int, malformed: list[int]) -> Codes:
    """Number the records of the file: first those with cells, then the malformed ones."""
    first = layout.lines_before_rows + 1
    numbers = np.arange(first, first + records + len(malformed), dtype=np.int32)
    bad = np.array(malformed, dtype=np.int32)
    return np.concatenate([np.setdiff1d(numbers, bad, assume_unique=True), bad])


def _refuse_open_quote(path: Path, packed: bool, table: RawTable) -> None:
    """Refuse a file in which a quotation mark that nothing closes has swallowed the lines after it.

    Only what has a line break can have swallowed lines; if there is something, the marks are counted.
    """
    texts: list[tuple[Column | None, Coded]] = [*table.columns.items(), (None, table.lines)]
    broken = [(name, column.where(pc.match_substring(column.values, "\n"))) for name, column in texts]
    suspects = [(int(rows.nonzero()[0][-1]), name) for name, rows in broken if rows.any()]
    if suspects and _count_marks(path, packed) % 2:
        row, name = max(suspects, key=lambda suspect: table.place(suspect[0]).row)
        raise Rejected(
            "A quotation mark is opened and never closed; correct the cell or export the file again.",
            row=table.place(row).row,
            column=name,
        )


def _count_marks(path: Path, packed: bool) -> int:
    with open_bytes(path, packed=packed) as file:
        return sum(block.count(b'"') for block in iter(lambda: file.read(_BLOCK), b""))
