"""Keeps the rows of a dataset for later runs: normalized, before any cleaning."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from prepare_dataset.clean.conventions import Conventions
from prepare_dataset.table.arrays import Coded, Codes, Indices
from prepare_dataset.table.arrow import CODED_TEXT, AnyArray
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable, merge_texts
from prepare_dataset.table.values import NumberStyle

_SLICE = 128 << 10
_METADATA = "retailrec"
_LINE, _SHEET, _ROW = "line", "sheet", "row"
_SCHEMA = pa.schema(
    [
        *((str(column), CODED_TEXT) for column in Column),
        (_LINE, CODED_TEXT),
        (_SHEET, pa.int16()),
        (_ROW, pa.int32()),
    ]
)
_TEXTS = [*map(str, Column), _LINE]


class Lines(NamedTuple):
    """A normalized table, and the conventions that its files were found to have."""

    table: RawTable
    conventions: Conventions


def write_lines(lines: Lines, path: Path) -> None:
    """Write every row that was read, rejected ones included, with its location."""
    table = lines.table
    metadata = {
        "sheets": [
            {"name": name, "columns": sorted(columns)}
            for name, columns in zip(table.sheets, table.columns_of_sheets, strict=True)
        ],
        "day_first": lines.conventions.day_first,
        "numbers": lines.conventions.numbers,
    }
    # Sheet and row numbers come in sequences: their differences take almost no space.
    encodings = {_SHEET: "DELTA_BINARY_PACKED", _ROW: "DELTA_BINARY_PACKED"}
    options: Any = {"store_schema": False, "use_dictionary": _TEXTS, "column_encoding": encodings}
    with pq.ParquetWriter(path, _SCHEMA, **options) as file:
        for start in range(0, len(table), _SLICE):
            file.write_batch(_batch(table, np.arange(start, min(start + _SLICE, len(table)))))
        file.add_key_value_metadata({_METADATA: json.dumps(metadata)})


def _batch(table: RawTable, rows: Indices) -> pa.RecordBatch:
    columns: list[AnyArray] = [
        table.columns[column].take(rows).texts()
        if column in table.columns
        else pa.nulls(len(rows), CODED_TEXT)
        for column in Column
    ]
    columns += [
        table.malformed.take(rows).texts(),
        pa.array(table.sheet_of_row[rows]),
        pa.array(table.row_numbers[rows]),
    ]
    return pa.record_batch(columns, schema=_SCHEMA)


def read_lines(path: Path) -> Lines:
    """Read lines that ``write_lines`` wrote."""
    with pq.ParquetFile(path, read_dictionary=_TEXTS) as file:
        metadata: Any = json.loads((file.metadata.metadata or {})[_METADATA.encode()])
        table = file.read()
    columns_of_sheets = [frozenset(map(Column, sheet["columns"])) for sheet in metadata["sheets"]]
    present = frozenset().union(*columns_of_sheets)
    texts = {name: _texts(table.column(name)) for name in _TEXTS}
    numbers = metadata["numbers"] and NumberStyle(metadata["numbers"])
    return Lines(
        RawTable(
            columns={column: texts[column] for column in Column if column in present},
            malformed=texts[_LINE],
            sheets=[sheet["name"] for sheet in metadata["sheets"]],
            sheet_of_row=_sheets(table.column(_SHEET)),
            row_numbers=_rows(table.column(_ROW)),
            columns_of_sheets=columns_of_sheets,
            normalized=True,
        ),
        Conventions(metadata["day_first"], numbers),
    )


def _texts(column: Any) -> Coded:
    return merge_texts(column.chunks)


def _sheets(column: Any) -> npt.NDArray[np.int16]:
    numbers: npt.NDArray[np.int16] = column.to_numpy().astype(np.int16)
    return numbers


def _rows(column: Any) -> Codes:
    numbers: Codes = column.to_numpy().astype(np.int32)
    return numbers
