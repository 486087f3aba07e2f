"""Reads a file of any supported format into one raw table."""

from collections.abc import Callable
from pathlib import Path

from prepare_dataset.read.csv.reader import read_csv
from prepare_dataset.read.parquet.reader import read_parquet
from prepare_dataset.read.workbook.reader import read_workbook
from prepare_dataset.table.columns import OUR_HEADERS, Headers
from prepare_dataset.table.raw_table import RawTable
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected

Progress = Callable[[str], None]


def read(path: Path, source_format: Format, progress: Progress, headers: Headers = OUR_HEADERS) -> RawTable:
    """Read every row; ``Rejected`` says what to change when that cannot be done."""
    progress(f"reading {source_format}")
    match source_format:
        case Format.XLSX | Format.XLS:
            table = read_workbook(path, progress, headers, source_format)
        case Format.PARQUET:
            table = read_parquet(path, headers)
        case Format.CSV | Format.CSV_GZ:
            table = read_csv(path, packed=source_format is Format.CSV_GZ, headers=headers)
        case Format.ZIP:
            raise ValueError("an archive is unpacked before it is read")
    if not len(table):
        raise Rejected("The file has a header but no rows below it; export it again with the transactions.")
    return table
