"""How much one run can prepare, checked before reading where the format allows it, and always while reading.

The function has 3008 MB of memory and 4096 MB of storage for the file and all outputs.
"""

from collections.abc import Mapping

from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected

MB = 1_000_000

# Measured with csv: 230 MB, and 150 bytes for each row of all eight columns, at the peak (docs/memory.md).
MAX_ROWS = 13_000_000
# Codes and distinct texts of a table; cleaning needs about twice as much in addition.
MAX_TABLE_BYTES = 800 * MB
# The memory of the largest accepted workbook; and of each of two processes that read one together.
WORKBOOK_MEMORY_BYTES = 2_500 * MB
SHARED_WORKBOOK_BYTES = 1_300 * MB
WORKBOOK_SECONDS: Mapping[Format, float] = {Format.XLSX: 300, Format.XLS: 120}
MAX_SHEETS = 1_000
# The sheets of all files of a dataset: each row has its sheet's number in two bytes.
MAX_SHEETS_OF_DATASET = 32_767
# Text, after unpacking: 13 million rows like those of Online Retail II.
MAX_TEXT_BYTES = 1_200 * MB
# Arrow reads csv by blocks, and a record must fit into one.
MAX_RECORD_BYTES = 8 << 20
# Lines with too many or too few cells: each is kept as it is, and handled by Python one by one.
MAX_MALFORMED_ROWS = 1_000_000
MAX_MALFORMED_BYTES = 200 * MB
# Writers make some dozens of 13 million rows; each takes time and memory, even with few rows.
MAX_ROW_GROUPS = 10_000
# A sheet is a full rectangle in memory, up to 76 bytes a cell, from its first cell to its last.
MAX_CELLS = 28_000_000
# A workbook's XML, after unpacking: the size of so many cells, and of all its texts.
MAX_XML_BYTES = 2_000 * MB
MAX_XML_PARTS = 10_000
# Only so many files of a zip archive are counted in the message that there are too many.
MAX_ZIP_ENTRIES = 1_000

# The file itself, as it is in the bucket.
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
            f"The file has {format_size(size)}, but {source_format} files can have at most"
            f" {format_size(limit)}; {how_to_reduce(source_format)}."
        )


def refuse_object(size: int) -> None:
    """Refuse an uploaded object that is too large in any format, before it is downloaded."""
    if size > MAX_OBJECT_BYTES:
        raise Rejected(
            f"The file has {format_size(size)}, but files can have at most {format_size(MAX_OBJECT_BYTES)};"
            f" {how_to_reduce(Format.CSV)}."
        )


def too_much_unpacked(source_format: Format, limit: int) -> Rejected:
    """Return the refusal of a compressed file that is too large when it is unpacked."""
    return Rejected(
        f"The file unpacks to more than the {format_size(limit)} that can be prepared at once;"
        f" {how_to_reduce(source_format)}."
    )


def too_many_rows(rows: int) -> Rejected:
    """Return the refusal of a file with too many rows."""
    return Rejected(
        f"The file has at least {rows:,} rows, but can have at most {MAX_ROWS:,}; leave out the oldest rows."
    )


def how_to_reduce(source_format: Format) -> str:
    """Return how to make a file of a format smaller."""
    return _LESS.get(
        source_format, "split the file and upload the part with the newest rows, or save it as Parquet"
    )


def format_size(size: int) -> str:
    """Format a number of bytes."""
    return f"{size / MB:,.0f} MB"
