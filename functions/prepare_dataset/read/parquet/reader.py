"""Reads Parquet files: every type that represents a text, a number or a time."""

from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from prepare_dataset.files.formats import ENCRYPTED
from prepare_dataset.files.limits import (
    MAX_ROW_GROUPS,
    MAX_ROWS,
    MAX_TEXT_BYTES,
    too_many_rows,
    too_much_unpacked,
)
from prepare_dataset.table.arrow import TEXT, AnyArray, pc
from prepare_dataset.table.columns import OUR_HEADERS, Column, Headers, find_header
from prepare_dataset.table.raw_table import RawTable, RawTableBuilder
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected

_BATCH = 256 << 10
# Floats represent every whole number up to here exactly.
_EXACT = 2.0**53


def read_parquet(path: Path, headers: Headers = OUR_HEADERS) -> RawTable:
    """Read the recognised columns in batches; rows are numbered from 1 in the file's order."""
    builder = RawTableBuilder()
    builder.start_sheet(None)
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            positions = find_header([schema.names], headers=headers).positions
            names = {column: schema.names[position] for column, position in positions.items()}
            _refuse_nested(schema, names)
            _refuse_too_large(file.metadata)
        # Kept dictionary-encoded: a long text that every row repeats is in memory once.
        texts = [name for name in names.values() if _is_text(schema.field(name).type)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            row = 1
            for batch in file.iter_batches(_BATCH, columns=list(names.values())):
                batch.validate(full=True)  # texts in a damaged file need not be UTF-8
                builder.add({column: _texts(batch.column(name)) for column, name in names.items()}, row)
                row += batch.num_rows
    except pa.ArrowNotImplementedError as problem:
        raise Rejected(
            "The Parquet file has a column of an unsupported type; write texts, numbers and timestamps."
        ) from problem
    except (pa.ArrowException, OSError, UnicodeError) as problem:
        if "crypt" in str(problem).lower():
            raise Rejected(ENCRYPTED) from problem
        raise Rejected("The Parquet file is damaged; write or upload it again.") from problem
    return builder.build()


def _refuse_nested(schema: pa.Schema, names: dict[Column, str]) -> None:
    for column, name in names.items():
        kind = schema.field(name).type
        if pa.types.is_nested(kind):
            raise Rejected(
                f"The column {name} has {kind} values instead of single values; flatten it.", column=column
            )


def _refuse_too_large(metadata: Any) -> None:
    """Refuse a file by its footer, before any page is read."""
    if metadata.num_rows > MAX_ROWS:
        raise too_many_rows(metadata.num_rows)
    if metadata.num_row_groups > MAX_ROW_GROUPS:
        raise Rejected(
            f"The Parquet file has {metadata.num_row_groups:,} row groups, but at most {MAX_ROW_GROUPS:,} are"
            " supported; write the file with larger row groups."
        )
    # Not by column: pyarrow ends the process when a damaged footer contradicts itself about one.
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    if sum(group.total_byte_size for group in groups) > MAX_TEXT_BYTES:
        raise too_much_unpacked(Format.PARQUET, MAX_TEXT_BYTES)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)


def _texts(cells: Any) -> AnyArray:
    """Convert each cell to a text."""
    kind = cells.type
    texts: AnyArray
    if pa.types.is_dictionary(kind):
        texts = pa.DictionaryArray.from_arrays(cells.indices.cast(pa.int32()), _texts(cells.dictionary))
    elif pa.types.is_timestamp(kind):
        # Seconds have a wider range than finer units.
        texts = pc.cast(pc.cast(_on_its_clock(cells), pa.timestamp("s"), safe=False), TEXT)
    elif isinstance(kind, pa.UuidType):
        stored = cells.storage.dictionary_encode()
        texts = pa.array([str(UUID(bytes=value)) for value in stored.dictionary.to_pylist()], TEXT)
        texts = pa.DictionaryArray.from_arrays(stored.indices, texts)
    elif pa.types.is_floating(kind):
        texts = _format_floats(cells.cast(pa.float32()) if pa.types.is_float16(kind) else cells)
    else:
        texts = pc.cast(cells, TEXT)
    return texts


def _on_its_clock(cells: Any) -> AnyArray:
    """Convert times to the local time of their zone; times of an unknown zone stay in UTC."""
    local: AnyArray = cells
    if cells.type.tz is not None:
        with suppress(pa.ArrowInvalid):
            local = pc.local_timestamp(cells)
    return local


def _format_floats(cells: AnyArray) -> AnyArray:
    """Write whole numbers without decimals or exponent, since they may be ids."""
    whole = pc.and_(pc.equal(pc.floor(cells), cells), pc.less(pc.abs(cells), _EXACT))
    digits = pc.cast(pc.cast(pc.if_else(whole, cells, None), pa.int64()), TEXT)
    texts: AnyArray = pc.coalesce(digits, pc.cast(cells, TEXT))
    return texts
