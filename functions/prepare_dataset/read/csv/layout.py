"""The layout of a csv file: its encoding, its delimiter, and the position of its header."""

import codecs
import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from prepare_dataset.files.formats import HEAD, utf16_of
from prepare_dataset.files.limits import MAX_TEXT_BYTES, too_much_unpacked
from prepare_dataset.table.columns import HEADER_ROWS_SEARCHED, Header, Headers, find_header, match_header
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected

_HEAD = 1 << 20
_DELIMITERS = ",;\t|"
# A file that is not UTF-8 is Windows-1252, or Latin-1 if it has bytes that Windows-1252 lacks.
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
    return _Unpacked(path) if packed else path.open("rb")  # type: ignore[return-value]


class Readable(Protocol):
    """A file that can be read in blocks."""

    def read(self, size: int, /) -> bytes | None:
        """Read at most so many bytes; empty at the end."""


def as_utf8(file: Readable, encoding: str) -> Readable:
    """Convert a file's text to UTF-8; reading raises UnicodeError where the text is not in ``encoding``.

    Arrow transcodes as well, but in threads that may keep objects of Python for any time.
    """
    return _Utf8File(file) if encoding == "utf-8" else _TranscodedFile(file, encoding)


class _Unpacked(gzip.GzipFile):
    """A gzip file that is refused beyond the limit, since the size that it states may be wrong."""

    _left = MAX_TEXT_BYTES

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(self._left + 1 if size is None or size < 0 else size)
        self._left -= len(block)
        if self._left < 0:
            raise too_much_unpacked(Format.CSV_GZ, MAX_TEXT_BYTES)
        return block


def check_unpacked_size(path: Path) -> None:
    """Unpack a file that states too large a size, which may be wrong if the file is cut off."""
    try:
        with _Unpacked(path) as file:
            while file.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        raise Rejected("The file is cut off or damaged; create it again, or upload it again.") from None


class _Utf8File:
    def __init__(self, file: Readable) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def read(self, size: int, /) -> bytes:
        block = self._file.read(size) or b""
        if not block or not block.isascii() or self._decoder.getstate()[0]:
            self._decoder.decode(block, final=not block)
        return block


class _TranscodedFile:
    def __init__(self, file: Readable, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._text = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        while len(self._text) < size and not self._ended:
            block = self._file.read(size) or b""
            self._ended = not block
            self._text += self._decoder.decode(block, final=self._ended).encode()
        block, self._text = self._text[:size], self._text[size:]
        return block


def likely_encodings(path: Path, *, packed: bool) -> tuple[str, ...]:
    """Return the encodings to try, in order."""
    with open_bytes(path, packed=packed) as file:
        utf16 = utf16_of(file.read(HEAD))
    return (utf16,) if utf16 else _ENCODINGS


def find_layout(path: Path, *, packed: bool, encoding: str, headers: Headers) -> Layout:
    """Find the header, and the delimiter with which most columns are recognised."""
    with open_bytes(path, packed=packed) as file:
        # A file in another encoding may begin with the mark of UTF-8, which is not part of the header.
        start = file.read(_HEAD).removeprefix(codecs.BOM_UTF8)
    head = start.decode(encoding, errors="ignore").removeprefix("\ufeff")
    records = {delimiter: _first_records(head, delimiter) for delimiter in _DELIMITERS}
    known = {
        one: max((_known(cells, headers) for _, cells in records[one]), default=0) for one in _DELIMITERS
    }
    delimiter = max(known, key=lambda one: known[one])
    rows = [cells for _, cells in records[delimiter]]
    try:
        header = find_header(rows, headers=headers)
    except Rejected:
        has_long_cell = len(rows) < HEADER_ROWS_SEARCHED and any(
            "\n" in cell for cells in rows for cell in cells
        )
        if has_long_cell and head.count('"') % 2:
            raise Rejected(
                "A quotation mark is opened before or in the header and never closed; remove it or export the"
                " file again."
            ) from None
        raise
    line, cells = records[delimiter][header.row]
    return Layout(encoding, delimiter, header, line, len(cells))


def quotes_close(path: Path, *, packed: bool, layout: Layout) -> bool:
    """Return whether every quoted cell ends with a quotation mark; it parses each line, which is slow."""
    with (
        open_bytes(path, packed=packed) as file,
        io.TextIOWrapper(file, layout.encoding, errors="replace", newline="") as text,
    ):
        try:
            for _ in csv.reader(text, delimiter=layout.delimiter, strict=True):
                pass
        except csv.Error:
            return False
    return True


def _known(cells: list[str], headers: Headers) -> int:
    try:
        return len(match_header(cells, headers))
    except Rejected:  # a column twice: this is a header, and find_header will refuse it
        return len(cells)


def _first_records(head: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the first records, each with the number of lines up to its end."""
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    records: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            records.append((reader.line_num, cells))
            if len(records) == HEADER_ROWS_SEARCHED:
                break
    except csv.Error:
        pass  # a cell is too long for the csv module; the records before it may be enough
    return records
