"""An xls workbook of one sheet, as small as readers take it: BIFF8 records in an OLE container."""

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

_SECTOR = 512
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_WORKBOOK, _WORKSHEET = 0x0005, 0x0010
_GENERAL, _DATE = 0, 1
_TABLES_PLACES = 109


def xls_bytes(rows: Iterable[Sequence[Any]]) -> bytes:
    """Write rows of texts, numbers, times and gaps."""
    return _container(_book(b"".join(_cells(rows))))


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _begin(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 1996, 0, 6))


def _cells(rows: Iterable[Sequence[Any]]) -> Iterable[bytes]:
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                head = struct.pack("<HHHHB", row, column, _GENERAL, len(text) // 2, 1)
                yield _record(0x0204, head + text)
            elif isinstance(value, datetime):
                days = (value - datetime(1899, 12, 30)).total_seconds() / 86_400
                yield _record(0x0203, struct.pack("<HHHd", row, column, _DATE, days))
            elif value is not None:
                yield _record(0x0203, struct.pack("<HHHd", row, column, _GENERAL, value))


def _book(cells: bytes) -> bytes:
    formats = b"".join(_record(0x00E0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, 22))
    begin, end = _begin(_WORKBOOK) + formats, _record(0x000A)
    name = b"\x05\x00Sheet"
    start = len(begin) + 4 + 6 + len(name) + len(end)
    sheet = _record(0x0085, struct.pack("<IBB", start, 0, 0) + name)
    return begin + sheet + end + _begin(_WORKSHEET) + cells + end


def _container(stream: bytes) -> bytes:
    """Lay out a header, one table of sectors, one directory, and the stream."""
    stream = stream.ljust(max(4_096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    chain = [*range(1, sectors), _END, _TABLE, _END]
    assert len(chain) <= _SECTOR // 4
    table = struct.pack(f"<{_SECTOR // 4}I", *chain, *[_FREE] * (_SECTOR // 4 - len(chain)))
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, 0, len(stream))
    header = struct.pack(
        "<8s16x5H6x9I", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, sectors + 1, 0, 4_096, _END, 0, _END, 0,
    )  # fmt: skip
    places = struct.pack(f"<{_TABLES_PLACES}I", sectors, *[_FREE] * (_TABLES_PLACES - 1))
    return header + places + stream + table + directory.ljust(_SECTOR, b"\0")


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    links = struct.pack("<HBBIII", len(text) + 2, kind, 1, _FREE, _FREE, child)
    return text.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)
