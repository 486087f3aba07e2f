"""Read files in processes that end at once, and print how each process ended.

Each is a fork of this one. It holds Python's lock from the end of reading until the interpreter ends, and
lets go of it while the interpreter ends: a thread that still wants the lock then aborts the process, as it
does now and then on a busy machine.
"""

import ctypes
import gzip
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from prepare_dataset.read.csv import halves as csv_parts
from prepare_dataset.read.csv import layout as csv_layout
from prepare_dataset.read.csv import reader as reading_csv
from prepare_dataset.read.reader import read
from prepare_dataset.table import raw_table as rawtable
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected
from tests.unit.prepare_dataset.inputs.shop_files import days, parquet_file

HEADER = b"Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
ROW = b"1,85123A,MUG,1,2011-01-01 10:00,2.5,13085,France\n"
MANY = 25_000
HELD_MICROSECONDS = 100_000
UNEXPECTED = 1

Ending = Callable[[Path], Path]
ENDINGS: dict[str, tuple[Ending, Format, str | None]] = {}


def ending(words: str | None, kind: Format = Format.CSV) -> Callable[[Ending], Ending]:
    def enter(build: Ending) -> Ending:
        ENDINGS[build.__name__] = build, kind, words
        return build

    return enter


@ending(None)
def all_is_read(folder: Path) -> Path:
    return written(folder, HEADER + ROW * MANY)


@ending(None)
def all_is_read_in_two_parts(folder: Path) -> Path:
    csv_parts.MIN_SPLIT_BYTES = 0
    return written(folder, HEADER + ROW * MANY)


@ending(None)
def all_is_read_in_another_encoding(folder: Path) -> Path:
    return written(folder, HEADER + ROW * MANY + ROW.replace(b"MUG", b"TASSE \xe0 TH\xc9"))


@ending("a line of more than 8 MB")
def a_line_is_too_long(folder: Path) -> Path:
    reading_csv._BLOCK = 8 << 20
    path = written(folder, HEADER + ROW * 3 + b"x")
    os.truncate(path, 200 << 20)  # a hole, which takes no room
    return path


@ending("lines or more do not have the 8 cells")
def too_many_lines_are_malformed(folder: Path) -> Path:
    vars(reading_csv).update(MAX_MALFORMED_ROWS=9)
    return written(folder, HEADER + ROW * 3 + b"x\n" * 500_000)


@ending("leave out the oldest rows")
def too_many_rows(folder: Path) -> Path:
    vars(rawtable).update(MAX_ROWS=9)
    return written(folder, HEADER + ROW * MANY)


@ending("different texts fill the memory")
def too_much_text(folder: Path) -> Path:
    vars(rawtable).update(MAX_TABLE_BYTES=9)
    return written(folder, HEADER + ROW * MANY)


@ending("never closed")
def a_quotation_mark_is_open(folder: Path) -> Path:
    return written(folder, HEADER + ROW * MANY + b'"' + ROW * 9)


@ending("cut off or damaged", Format.CSV_GZ)
def it_is_cut_off(folder: Path) -> Path:
    return written(folder, gzip.compress(HEADER + ROW * MANY, mtime=0)[:-999])


@ending("unpacks to more", Format.CSV_GZ)
def it_unpacks_to_too_much(folder: Path) -> Path:
    csv_layout._Unpacked._left = 1_200_000
    return written(folder, gzip.compress(HEADER + ROW * MANY, mtime=0))


@ending(None, Format.PARQUET)
def parquet_is_read(folder: Path) -> Path:
    return parquet_file(folder, days(30))


@ending("damaged", Format.PARQUET)
def parquet_is_damaged(folder: Path) -> Path:
    return written(folder, parquet_file(folder, days(30)).read_bytes()[4:])


def written(folder: Path, content: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content)
    return path


class _AtTheEnd:
    """Lets go of Python's lock while the interpreter ends."""

    def __init__(self) -> None:
        self._sleep = time.sleep

    def __del__(self) -> None:
        self._sleep(0.02)


def _is_as_expected(name: str, folder: Path) -> bool:
    build, kind, words = ENDINGS[name]
    try:
        read(build(folder), kind, lambda _: None)
    except Rejected as refusal:
        return words is not None and words in str(refusal)
    return words is None


def main(folder: Path, times: int, names: list[str]) -> None:
    """Print each ending that is not as it is expected, with the process's status; then the number of all."""
    endings = [name for name in ENDINGS if name in names or not names] * times
    for name in endings:
        child = os.fork()
        if not child:
            break
        status = os.waitpid(child, 0)[1]
        if status:
            sys.stdout.write(f"{name} {status}\n")
    else:
        sys.stdout.write(f"{len(endings)}\n")
        return
    reading_csv._BLOCK = 64 << 10  # so that a small file is read by many blocks
    sys.setswitchinterval(100)
    if not _is_as_expected(name, folder):
        os._exit(UNEXPECTED)
    ctypes.PyDLL(None).usleep(HELD_MICROSECONDS)  # while it holds the lock


if __name__ == "__main__":
    at_the_end = _AtTheEnd()
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
