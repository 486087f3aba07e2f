"""Reading a Parquet file: every type that can stand for a text, a number or a time."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from prepare_dataset.arrow import TEXT, AnyArray, pc
from prepare_dataset.columns import Column, find_header
from prepare_dataset.rawtable import RawTable, RawTableBuilder
from retailrec_shared.errors import Rejected

_BATCH = 256 << 10
# Every whole number up to here has a float of its own.
_EXACT = 2.0**53


def read_parquet(path: Path) -> RawTable:
    """Read the recognised columns in batches; rows are numbered from 1 as they lie in the file."""
    builder = RawTableBuilder()
    builder.start_sheet(None)
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            positions = find_header([schema.names]).positions
            names = {column: schema.names[position] for column, position in positions.items()}
            _refuse_nested(schema, names)
            row = 1
            for batch in file.iter_batches(_BATCH, columns=list(names.values())):
                batch.validate(full=True)  # texts in a damaged file need not be UTF-8
                builder.add({column: _texts(batch.column(name)) for column, name in names.items()}, row)
                row += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeError) as problem:
        raise Rejected("The Parquet file is damaged; write or upload it again.") from problem
    return builder.build()


def _refuse_nested(schema: pa.Schema, names: dict[Column, str]) -> None:
    for column, name in names.items():
        kind = schema.field(name).type
        if pa.types.is_nested(kind):
            raise Rejected(
                f"The column {name} holds {kind} instead of single values; flatten it.", column=column
            )


def _texts(cells: Any) -> AnyArray:
    """Spell each cell as a text; a time with a zone is spelled in UTC."""
    kind = cells.type
    spelled: AnyArray
    if pa.types.is_dictionary(kind):
        spelled = pa.DictionaryArray.from_arrays(cells.indices.cast(pa.int32()), _texts(cells.dictionary))
    elif pa.types.is_timestamp(kind):
        # Seconds hold every time that finer units hold.
        spelled = pc.cast(pc.cast(cells, pa.timestamp("s"), safe=False), TEXT)
    elif pa.types.is_floating(kind):
        spelled = _spell_floats(cells)
    else:
        spelled = pc.cast(cells, TEXT)
    return spelled


def _spell_floats(cells: AnyArray) -> AnyArray:
    """Spell whole numbers without decimals or exponent: as ids they would not be what they were."""
    whole = pc.and_(pc.equal(pc.floor(cells), cells), pc.less(pc.abs(cells), _EXACT))
    digits = pc.cast(pc.cast(pc.if_else(whole, cells, None), pa.int64()), TEXT)
    spelled: AnyArray = pc.coalesce(digits, pc.cast(cells, TEXT))
    return spelled
