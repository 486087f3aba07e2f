"""Measures an xlsx workbook before it is read, and refuses one that would fill the memory.

The reader allocates each sheet as a full rectangle from its first cell to its last: two cells far apart are
enough to fill any memory. The sizes in a zip archive's directory and the dimension that a sheet states may
be wrong, so every part is unpacked once, in blocks, to find the outermost cells of each sheet. The refusal
says what to correct in an ordinary workbook; a hostile workbook that passes is stopped by the limits of the
process that reads it (`process.py`).
"""

import re
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa

from prepare_dataset.files.archive import blocks
from prepare_dataset.files.formats import UTF16_MARKS
from prepare_dataset.files.limits import (
    MAX_CELLS,
    MAX_XML_BYTES,
    MAX_XML_PARTS,
    how_to_reduce,
    too_much_unpacked,
)
from prepare_dataset.table.arrow import pc
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected

# The workbook names the parts that are sheets: the reader accepts any in a folder with one of these names.
_SHEETS = re.compile(
    r"(.*[/\\])?(work|chart|dialog|macro)sheets[/\\](?!_rels[/\\]).*", re.IGNORECASE | re.DOTALL
)
_LAST_ROW = 1_048_576
_ROW = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]*(\d+)""")
_TAIL = 4096


def guard_workbook(path: Path) -> bool:
    """Refuse a workbook that would fill the memory, or that is damaged.

    Return whether a part of it is XML in UTF-16, which is valid but not supported by most readers.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    declared = sum(part.file_size for part in parts)
    if declared > MAX_XML_BYTES or len(parts) > MAX_XML_PARTS:
        raise too_much_unpacked(Format.XLSX, MAX_XML_BYTES)
    names = sorted({part.filename for part in parts if not part.is_dir()})
    budget = _Budget()
    found = [_measure(path, name, budget) for name in names]
    for name, cells in zip(names, found, strict=True):
        if cells > MAX_CELLS:
            raise _too_wide(f"{name} spans {cells:,} cells")
    if sum(found) > MAX_CELLS:
        raise _too_wide(f"its sheets span {sum(found):,} cells")
    return any(_is_utf16(path, name) for name in names if name.endswith((".xml", ".rels")))


def _is_utf16(path: Path, name: str) -> bool:
    with zipfile.ZipFile(path) as archive, archive.open(name) as part:
        return part.read(2) in UTF16_MARKS


class _Budget:
    """The bytes that all parts together may have when unpacked; thousands may share the same packed bytes."""

    def __init__(self) -> None:
        self._left = MAX_XML_BYTES

    def spend(self, size: int) -> None:
        """Subtract from the remaining bytes; raise ``Rejected`` when they are used up."""
        self._left -= size
        if self._left < 0:
            raise too_much_unpacked(Format.XLSX, MAX_XML_BYTES)


def _too_wide(found: str) -> Rejected:
    return Rejected(
        f"The workbook is too large: {found}, counted from the first to the outermost one, but at most"
        f" {MAX_CELLS:,} are supported; delete cells far away from the transactions, or"
        f" {how_to_reduce(Format.XLSX)}."
    )


def _measure(path: Path, name: str, budget: _Budget) -> int:
    """Unpack a part; return the number of cells that it spans as a rectangle, if it is a sheet."""
    size = rows = 0
    widest = b"A"
    tail = b""
    is_sheet = _SHEETS.fullmatch(name)
    try:
        with zipfile.ZipFile(path) as archive:
            for block in blocks(archive, archive.getinfo(name), MAX_XML_BYTES, Format.XLSX):
                size += len(block)
                budget.spend(len(block))
                if not is_sheet:
                    continue
                text = tail[-64:] + block  # a reference may span two blocks
                widest = max([widest, *_wider(widest, text)], key=_column_number)
                tail = block[-_TAIL:] if len(block) >= _TAIL else (tail + block)[-_TAIL:]
                rows = max(rows, _last_row(text[-_TAIL:]))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise Rejected("The workbook is damaged; save it again as xlsx.") from None
    if not is_sheet:
        return 0
    return (rows or min(_LAST_ROW, size)) * _column_number(widest)


def _wider(column: bytes, text: bytes) -> set[bytes]:
    """Find references to columns to the right of ``column``, and all of two letters or more."""
    single = f"|[{chr(column[0] + 1)}-Z{chr(column[0] + 33)}-z]" if len(column) == 1 and column < b"Z" else ""
    # XML allows spaces around the sign of an attribute, and the reader accepts small letters, too.
    pattern = f"r[ \\t\\r\\n]*=[ \\t\\r\\n]*[\"']([A-Za-z]{{2,}}{single})[0-9]"
    # Most blocks have none. Arrow finds that out several times as fast, and lets other threads run.
    if not pc.match_substring_regex(pa.array([text], pa.binary()), pattern)[0].as_py():
        return set()
    return {letters.upper() for letters in re.findall(pattern.encode(), text)}


def _last_row(text: bytes) -> int:
    """Return the row of the last reference in a text: cells and rows are in order."""
    found = _ROW.findall(text)
    return min(int(found[-1][:10]), 2**32) if found else 0


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:8]:
        number = number * 26 + letter - ord("A") + 1
    return number
