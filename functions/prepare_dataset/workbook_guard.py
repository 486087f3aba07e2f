"""What an xlsx workbook will take to read, found out before reading it.

The reader lays each sheet out as a full rectangle from its first cell to its last: two cells far apart
are enough to fill any memory. Neither the sizes in a zip archive's directory nor the dimension that a
sheet claims need be true, so every sheet is unpacked once, by blocks, and its outermost cells are found.
"""

import re
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prepare_dataset.archive import blocks
from prepare_dataset.formats import Format
from prepare_dataset.limits import (
    MAX_CELLS,
    MAX_XML_BYTES,
    MAX_XML_PARTS,
    too_much_unpacked,
    what_to_do,
)
from retailrec_shared.errors import Rejected

_PARTS = re.compile(r"xl/(worksheets/.*|sharedStrings)\.xml", re.IGNORECASE)
_LAST_ROW = 1_048_576
_ROW = re.compile(rb"""\sr\s*=\s*["'][A-Z]*(\d+)""")
_TAIL = 4096


def guard_workbook(path: Path) -> None:
    """Refuse a workbook that would fill the memory, or that is not what it says."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    declared = sum(part.file_size for part in parts)
    if declared > MAX_XML_BYTES or len(parts) > MAX_XML_PARTS:
        raise too_much_unpacked(Format.XLSX, MAX_XML_BYTES)
    names = [part.filename for part in parts if _PARTS.fullmatch(part.filename)]
    with ThreadPoolExecutor(2) as pool:  # unpacking lets other threads run
        found = list(pool.map(lambda name: _measure(path, name), names))
    if sum(size for size, _ in found) > MAX_XML_BYTES:
        raise too_much_unpacked(Format.XLSX, MAX_XML_BYTES)
    for name, (_, cells) in zip(names, found, strict=True):
        if cells > MAX_CELLS:
            raise _too_wide(f"{name} spans {cells:,} cells")
    if sum(cells for _, cells in found) > MAX_CELLS:
        raise _too_wide(f"its sheets span {sum(cells for _, cells in found):,} cells")


def _too_wide(found: str) -> Rejected:
    return Rejected(
        f"The workbook is too large: {found}, counted from the first to the outermost one, but at most"
        f" {MAX_CELLS:,} can be prepared; delete stray cells far out, or {what_to_do(Format.XLSX)}."
    )


def _measure(path: Path, name: str) -> tuple[int, int]:
    """Unpack a part; return its bytes, and the cells of the rectangle that it spans."""
    size = rows = 0
    widest = b"A"
    tail = b""
    try:
        with zipfile.ZipFile(path) as archive:
            for block in blocks(archive, archive.getinfo(name), MAX_XML_BYTES, Format.XLSX):
                size += len(block)
                text = tail[-64:] + block  # a reference may lie across two blocks
                widest = max([widest, *_wider(widest, text)], key=_column_number)
                tail = (tail + block)[-_TAIL:]
                rows = max(rows, _last_row(text[-_TAIL:]))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise Rejected("The workbook is damaged and cannot be read; save it again as xlsx.") from None
    if name.lower().endswith("sharedstrings.xml"):
        return size, 0
    return size, (rows or min(_LAST_ROW, size)) * _column_number(widest)


def _wider(column: bytes, text: bytes) -> set[bytes]:
    """References to columns further right than one; of two letters and more, all."""
    single = f"|[{chr(column[0] + 1)}-Z]" if len(column) == 1 and column < b"Z" else ""
    pattern = f"r=[\"']([A-Z]{{2,}}{single})"
    return set(re.findall(pattern.encode(), text))


def _last_row(text: bytes) -> int:
    """Row of the last reference in a text: cells and rows come in order."""
    found = _ROW.findall(text)
    return min(int(found[-1][:10]), 2**32) if found else 0


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:8]:
        number = number * 26 + letter - ord("A") + 1
    return number
