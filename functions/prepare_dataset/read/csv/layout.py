"""How a csv file is laid out: its encoding, its delimiter, and where its header stands."""

import codecs
import csv
import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from prepare_dataset.files.formats import HEAD, Format, utf16_of
from prepare_dataset.files.limits import MAX_TEXT_BYTES, too_much_unpacked
from prepare_dataset.table.columns import HEADER_ROWS_SEARCHED, Header, Headers, find_header, match_header
from retailrec_shared.core.errors import Rejected

_HEAD = 1 << 20
_DELIMITERS = ",;\t|"
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
    return _Unpacked(path) if packed else path.open("rb")  # type: ignore[return-value]


class Readable(Protocol):
    """A file as far as it is read by blocks."""

    def read(self, size: int, /) -> bytes | None:
        """Read at most so many bytes; none at the end."""


def as_utf8(file: Readable, encoding: str) -> Readable:
    """Give a file's text as UTF-8; reading raises UnicodeError where the text is not in its encoding.

    Arrow transcodes as well, but in threads that keep objects of Python for as long as they like.
    """
    return _Utf8File(file) if encoding == "utf-8" else _TranscodedFile(file, encoding)


class _Unpacked(gzip.GzipFile):
    """A packed file that is refused beyond the limit: its own statement of its size may be untrue."""

    _left = MAX_TEXT_BYTES

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(self._left + 1 if size is None or size < 0 else size)
        self._left -= len(block)
        if self._left < 0:
            raise too_much_unpacked(Format.CSV_GZ, MAX_TEXT_BYTES)
        return block


def check_unpacked_size(path: Path) -> None:
    """Unpack a file that says it is too large: of one that was cut off, the last bytes say anything."""
    try:
        with _Unpacked(path) as file:
            while file.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        raise Rejected("The file is cut off or damaged; pack or upload it again.") from None


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
    """Name the encodings to try, in order."""
    with open_bytes(path, packed=packed) as file:
        utf16 = utf16_of(file.read(HEAD))
    return (utf16,) if utf16 else _ENCODINGS


def find_layout(path: Path, *, packed: bool, encoding: str, headers: Headers) -> Layout:
    """Find the header: the delimiter is the one that lets most columns be recognised."""
    with open_bytes(path, packed=packed) as file:
        # A file may begin as UTF-8 and not be it: its mark would become part of a header.
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
        swallowed = len(rows) < HEADER_ROWS_SEARCHED and any("\n" in cell for cells in rows for cell in cells)
        if swallowed and head.count('"') % 2:
            raise Rejected(
                "A quotation mark is opened before or in the header and never closed; remove it or export the"
                " file again."
            ) from None
        raise
    line, cells = records[delimiter][header.row]
    return Layout(encoding, delimiter, header, line, len(cells))


def quotes_close(path: Path, *, packed: bool, layout: Layout) -> bool:
    """Tell whether every quoted cell ends with its quotation mark; each line is parsed, which takes long."""
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
