"""Splits a csv file in two, so that two threads read it.

A line break ends a record only outside quotation marks, which depends on every mark before it. So the file
is split where a line looks like a record, and a marker record is appended to the first half: the reader
finds it as the last record if, and only if, no quotation mark is open at the split.
"""

import csv
import io
from pathlib import Path
from typing import IO

from prepare_dataset.read.csv.layout import Layout

# Below this size threads gain nothing.
MIN_SPLIT_BYTES = 16 << 20
# The content of each cell of the marker record.
END = "end of part"
_NEAR = 64 << 10
_BYTE_PER_LINE_BREAK = ("utf-8", "cp1252", "latin-1")


class FirstHalf:
    """The first ``left`` bytes of a file, followed by the marker record."""

    def __init__(self, file: IO[bytes], left: int, layout: Layout) -> None:
        self._file = file
        self._left = left
        self._end = layout.delimiter.join([END] * layout.width).encode()

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes."""
        if not self._left:
            block, self._end = self._end, b""
            return block
        block = self._file.read(min(size, self._left))
        self._left -= len(block)
        return block


def find_cut(path: Path, layout: Layout) -> int | None:
    """Find the offset of the first line after the middle that looks like a record; None if none is near."""
    size = path.stat().st_size
    if size < MIN_SPLIT_BYTES or layout.encoding not in _BYTE_PER_LINE_BREAK:
        return None
    with path.open("rb") as file:
        file.seek(size // 2)
        offset = size // 2 + len(file.readline(_NEAR))
        # Not readlines(): a line may be as long as the file.
        for line in io.BytesIO(file.read(_NEAR)).readlines()[:-1]:
            if _cells(line.decode(layout.encoding, errors="replace"), layout.delimiter) == layout.width:
                return offset
            offset += len(line)
    return None


def _cells(line: str, delimiter: str) -> int:
    try:
        return max(map(len, csv.reader([line], delimiter=delimiter, strict=True)), default=0)
    except csv.Error:  # not a whole record
        return 0
