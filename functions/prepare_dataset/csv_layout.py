"""How a csv file is laid out: its encoding, its delimiter, and where its header stands."""

import codecs
import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from prepare_dataset.columns import HEADER_ROWS_SEARCHED, Header, find_header, match_header
from retailrec_shared.errors import Rejected

_HEAD = 64 << 10
_DELIMITERS = ",;\t|"
_UTF16_MARKS = {b"\xff\xfe", b"\xfe\xff"}
# What a file is that is not UTF-8: Windows, or Latin-1 with bytes that Windows does not know.
_ENCODINGS = ("utf-8", "cp1252", "latin-1")


@dataclass(frozen=True)
class Layout:
    """``header`` counts records, ``lines_before_rows`` counts lines; ``width`` is the number of cells."""

    encoding: str
    delimiter: str
    header: Header
    lines_before_rows: int
    width: int


def open_bytes(path: Path, *, packed: bool) -> IO[bytes]:
    """Open a file for reading, through gzip if it is packed."""
    return gzip.GzipFile(path) if packed else path.open("rb")  # type: ignore[return-value]


def checked(file: IO[bytes], encoding: str) -> IO[bytes]:
    """Make reading a file raise UnicodeDecodeError as soon as a block of it is not UTF-8, if it should be.

    Arrow transcodes other encodings, and raises by itself.
    """
    return _Utf8File(file) if encoding == "utf-8" else file  # type: ignore[return-value]


class _Utf8File(io.RawIOBase):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        if not block or not block.isascii() or self._decoder.getstate()[0]:
            self._decoder.decode(block, final=not block)
        return block


def likely_encodings(path: Path, *, packed: bool) -> tuple[str, ...]:
    """Name the encodings to try, in order."""
    with open_bytes(path, packed=packed) as file:
        mark = file.read(2)
    return ("utf-16",) if mark in _UTF16_MARKS else _ENCODINGS


def find_layout(path: Path, *, packed: bool, encoding: str) -> Layout:
    """Find the header: the delimiter is the one that lets most columns be recognised."""
    with open_bytes(path, packed=packed) as file:
        head = file.read(_HEAD).decode(encoding, errors="ignore").removeprefix("\ufeff")
    records = {delimiter: _first_records(head, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda one: max((_known(cells) for _, cells in records[one]), default=0))
    header = find_header([cells for _, cells in records[delimiter]])
    line, cells = records[delimiter][header.row]
    return Layout(encoding, delimiter, header, line, len(cells))


def _known(cells: list[str]) -> int:
    try:
        return len(match_header(cells))
    except Rejected:  # a column twice: surely a header, and find_header will say what is wrong
        return len(cells)


def _first_records(head: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """First records, each with the number of lines down to its end."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    records: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            records.append((reader.line_num, cells))
            if len(records) == HEADER_ROWS_SEARCHED:
                break
    except csv.Error:
        pass  # a cell beyond the module's limit; what came before it may be enough
    return records
