"""Writes rows as csv and Parquet, slice by slice."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from prepare_dataset.clean.cleaning import Reasons
from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.clean.reasons import ORDER
from prepare_dataset.table.arrays import MISSING, Coded, Indices
from prepare_dataset.table.arrow import CODED_TEXT, TEXT, AnyArray
from prepare_dataset.table.columns import Column
from prepare_dataset.table.raw_table import RawTable

_SLICE = 128 << 10
_REASONS = pa.array(ORDER, TEXT)
_CSV_COLUMNS = ["user_id", "item_id", "timestamp", "quantity"]
_INTERACTIONS = pa.schema(
    {
        "user_id": CODED_TEXT,
        "item_id": CODED_TEXT,
        "timestamp": pa.timestamp("s"),
        "quantity": pa.float64(),
        "price": pa.float64(),
        "invoice": CODED_TEXT,
        "country": CODED_TEXT,
    }
)
_REJECTED = pa.schema(
    [
        *((str(column), CODED_TEXT) for column in Column),
        ("reason", CODED_TEXT),
        ("sheet", CODED_TEXT),
        ("row", pa.int32()),
        ("line", CODED_TEXT),
    ]
)


def write_interactions(rows: Interactions, picked: Indices, csv: Path, parquet: Path) -> None:
    """Write the picked rows in the given order: as csv for the algorithm, and with all columns as Parquet."""
    narrow = pa.schema([_INTERACTIONS.field(name) for name in _CSV_COLUMNS])
    with pa_csv.CSVWriter(csv, narrow) as csv_file, _parquet(parquet, _INTERACTIONS) as parquet_file:
        for some in _slices(picked):
            batch = _interactions(rows, some)
            csv_file.write(batch.select(_CSV_COLUMNS))
            parquet_file.write_batch(batch)


def _interactions(rows: Interactions, picked: Indices) -> pa.RecordBatch:
    columns = [
        rows.customer.take(picked).texts(),
        rows.item.take(picked).texts(),
        pa.array(rows.seconds[picked].astype("datetime64[s]")),
        pa.array(rows.quantity[picked], from_pandas=True),
        pa.array(rows.price[picked], from_pandas=True),
        rows.invoice.take(picked).texts(),
        rows.country.take(picked).texts(),
    ]
    return pa.record_batch(columns, schema=_INTERACTIONS)


def write_rejected(raw: RawTable, reasons: Reasons, path: Path) -> None:
    """Write every rejected row as it was read, with its reason and its location in the file.

    ``line`` is the text of a csv line that could not be split into cells.
    """
    with _parquet(path, _REJECTED) as file:
        for some in _slices(np.flatnonzero(reasons)):
            columns = [_raw_texts(raw.columns.get(column), some) for column in Column]
            columns += [
                Coded(reasons[some].astype(np.int32) - 1, _REASONS).texts(),
                _sheets(raw, some),
                pa.array(raw.row_numbers[some]),
                raw.malformed.take(some).texts(),
            ]
            file.write_batch(pa.record_batch(columns, schema=_REJECTED))


def _raw_texts(column: Coded | None, picked: Indices) -> AnyArray:
    return column.take(picked).texts() if column else pa.nulls(len(picked), CODED_TEXT)


def _sheets(raw: RawTable, picked: Indices) -> AnyArray:
    numbers = raw.sheet_of_row[picked].astype(np.int32)
    named = np.array([name is not None for name in raw.sheets])
    codes = np.where(named[numbers], numbers, np.int32(MISSING))
    return Coded(codes, pa.array([name or "" for name in raw.sheets], TEXT)).texts()


def _slices(picked: Indices) -> Iterator[Indices]:
    return (picked[start : start + _SLICE] for start in range(0, len(picked), _SLICE))


def _parquet(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    # Without Arrow's own schema in the file, every reader sees plain strings.
    return pq.ParquetWriter(path, schema, store_schema=False)
