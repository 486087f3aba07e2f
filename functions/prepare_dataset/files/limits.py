"""How much one run can prepare, judged before reading where the format allows, and while reading anyway.

The function has 3008 MB of memory and 4096 MB of storage; the file and all that is made of it lie there.
"""

from collections.abc import Mapping

from prepare_dataset.files.formats import Format
from retailrec_shared.core.errors import Rejected

MB = 1_000_000

# Measured with csv: 230 MB, and 150 bytes for each row of all eight columns, at the peak (docs/memory.md).
MAX_ROWS = 13_000_000
# Codes and distinct texts of a table; cleaning needs about twice that beside it.
MAX_TABLE_BYTES = 800 * MB
# What the largest workbook takes that is let in; and each of two processes that read one together.
WORKBOOK_MEMORY_BYTES = 2_500 * MB
SHARED_WORKBOOK_BYTES = 1_300 * MB
WORKBOOK_SECONDS: Mapping[Format, float] = {Format.XLSX: 300, Format.XLS: 120}
MAX_SHEETS = 1_000
# Those of all files of a dataset: each row knows its own by a number of two bytes.
MAX_SHEETS_OF_DATASET = 32_767
# Text, after unpacking: 13 million rows like those of Online Retail II.
MAX_TEXT_BYTES = 1_200 * MB
# Arrow reads csv by blocks, and a record must fit into one.
MAX_RECORD_BYTES = 8 << 20
# Lines with too many or too few cells: each is kept as it stands, and Python sees each one.
MAX_MALFORMED_ROWS = 1_000_000
MAX_MALFORMED_BYTES = 200 * MB
# What a writer makes of 13 million rows is some dozens; each takes time and memory, however few rows it has.
MAX_ROW_GROUPS = 10_000
# A sheet lies in memory as a full rectangle, up to 76 bytes a cell, from its first cell to its last.
MAX_CELLS = 28_000_000
# A workbook's XML, after unpacking: what so many cells take, and all its texts once more.
MAX_XML_BYTES = 2_000 * MB
MAX_XML_PARTS = 10_000
# What is looked into before a zip archive is told that it holds too much.
MAX_ZIP_ENTRIES = 1_000

# The file itself, as it lies in the bucket.
MAX_BYTES: Mapping[Format, int] = {
    Format.XLSX: 300 * MB,
    Format.XLS: 200 * MB,
    Format.CSV: MAX_TEXT_BYTES,
    Format.CSV_GZ: MAX_TEXT_BYTES,
    Format.PARQUET: MAX_TEXT_BYTES,
    Format.ZIP: MAX_TEXT_BYTES,
}
MAX_OBJECT_BYTES = max(MAX_BYTES.values())

_LESS = {
    Format.XLSX: "save it as csv or Parquet, or leave out the oldest rows",
    Format.XLS: "save it as csv or Parquet, or leave out the oldest rows",
    Format.PARQUET: "leave out the oldest rows or the columns that are not needed",
}


def refuse_too_large(source_format: Format, size: int) -> None:
    """Refuse a file by its size alone."""
    limit = MAX_BYTES[source_format]
    if size > limit:
        raise Rejected(
            f"The file has {format_size(size)}, but {source_format} can be prepared up to {format_size(limit)};"
            f" {how_to_reduce(source_format)}."
        )


def refuse_object(size: int) -> None:
    """Refuse an uploaded object that is too large in any format, before it is downloaded."""
    if size > MAX_OBJECT_BYTES:
        raise Rejected(
            f"The file has {format_size(size)}, but at most {format_size(MAX_OBJECT_BYTES)} can be prepared at"
            f" once; {how_to_reduce(Format.CSV)}."
        )


def too_much_unpacked(source_format: Format, limit: int) -> Rejected:
    """Make the refusal of a packed file that unpacks to more than it may."""
    return Rejected(
        f"The file unpacks to more than the {format_size(limit)} that can be prepared at once;"
        f" {how_to_reduce(source_format)}."
    )


def too_many_rows(rows: int) -> Rejected:
    """Make the refusal of a file by its number of rows."""
    return Rejected(
        f"The file has {rows:,} rows or more, but at most {MAX_ROWS:,} can be prepared at once;"
        " leave out the oldest rows."
    )


def how_to_reduce(source_format: Format) -> str:
    """Say how a file of a format becomes smaller."""
    return _LESS.get(source_format, "split the file and upload the newest part, or save it as Parquet")


def format_size(size: int) -> str:
    """Spell a number of bytes."""
    return f"{size / MB:,.0f} MB"
