"""Reading back the ids that an earlier run left."""

from typing import Any

import pyarrow as pa
import pyarrow.json

from prepare_dataset.arrow import TEXT, Texts, pc


def read_ids(lines: bytes, field: str, *, packed: bool = False) -> Texts:
    """Read one field of JSON Lines, without duplicates; ``pa.ArrowInvalid`` or OSError if they are none."""
    stream: Any = pa.input_stream(pa.py_buffer(lines), compression="gzip" if packed else None)  # type: ignore[arg-type]
    only = pyarrow.json.ParseOptions(
        explicit_schema=pa.schema([(field, TEXT)]), unexpected_field_behavior="ignore"
    )
    found = pyarrow.json.read_json(stream, parse_options=only)[field].combine_chunks()
    ids: Texts = pc.unique(found).drop_null()
    return ids
