"""Detects the format of a file from its bytes, never from its name."""

import gzip
import mmap
import zipfile
import zlib
from pathlib import Path

from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected

HEAD = 4096
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# An encrypted workbook is an OLE container with a stream of this name (MS-OFFCRYPTO 2.3.4.4); another
# workbook has its cells in a stream named Workbook, or Book before 1997 (MS-XLS 2.1.2).
_ENCRYPTED_WORKBOOK = "EncryptedPackage".encode("utf-16-le")
_WORKBOOKS = tuple(f"{name}\0".encode("utf-16-le") for name in ("Workbook", "Book"))
# The record at a zip archive's end, with the longest comment; and a directory of about 100,000 files.
_ZIP_END = 22 + 65_535
_LONGEST_DIRECTORY = 8 << 20
# The first bytes of a zip archive: a file, the end of an empty archive, or the mark of a split one.
_ZIPS = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MARKS = {*UTF16_MARKS, b"\xef\xbb\xbf"}
# In UTF-16 without a byte order mark, this half of the bytes is mostly NUL, as most characters are Latin.
_UTF16_HALVES = {"utf-16-le": (0, 1), "utf-16-be": (1, 0)}
WORKBOOK_PART = "xl/workbook.xml"
_USE_INSTEAD = "Upload an xlsx, csv, csv.gz or parquet file."
ENCRYPTED = "The Parquet file is encrypted; write it without encryption."
_OTHER_TEXTS = {
    (b"<!doctype html", b"<html", b"<table"): "The file is a web page; open it and save it as xlsx or csv.",
    (b"<?xml",): "The file is XML; open it and save it as xlsx or csv.",
    (b"{", b"["): "The file is JSON; export the transactions as csv or Parquet.",
    (b"%pdf",): "The file is a PDF; export the transactions as csv or xlsx.",
}
_OTHER_ZIPS = {
    "xl/workbook.bin": "The file is a binary workbook (xlsb); save it as xlsx.",
    "content.xml": "The file is an OpenDocument file (ods); save it as xlsx.",
    "[Content_Types].xml": "The file is an Office document without a workbook; save the rows as xlsx.",
}


def sniff(path: Path) -> Format:
    """Detect the format of a file from its content; ``Rejected`` says what to upload instead."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head in _MARKS or not head.strip():
        raise Rejected("The file is empty; upload the export again.")
    if head.startswith(_ZIPS):
        return _sniff_zip(path)
    if head.startswith(_OLE):
        return _sniff_ole(path)
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith(b"PARE"):
        raise Rejected(ENCRYPTED)
    if head.startswith(b"\x1f\x8b"):
        return _sniff_gzip(path)
    _refuse_other_text(head)
    if not _is_text(head):
        raise Rejected(f"The format of the file is not supported. {_USE_INSTEAD}")
    return Format.CSV


def _is_text(head: bytes) -> bool:
    return not _has_controls(head) or utf16_of(head) is not None


def _has_controls(text: bytes) -> bool:
    """Return whether there is a byte that no text contains; byte 26 is the end of a text in DOS."""
    return any(byte < 9 or 13 < byte < 26 for byte in text)


def utf16_of(head: bytes) -> str | None:
    """Detect the kind of UTF-16 from the first bytes of a file; ``None`` if it is not UTF-16."""
    if head.startswith(UTF16_MARKS):
        return "utf-16"
    for encoding, (texts, zeros) in _UTF16_HALVES.items():
        are_nul = head[zeros::2].count(0)
        if are_nul > len(head) // 4 and not _has_controls(head[texts::2]):
            return encoding
    return None


def _refuse_other_text(head: bytes) -> None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginnings, sentence in _OTHER_TEXTS.items():
        if start.startswith(beginnings):
            raise Rejected(sentence)


def _sniff_zip(path: Path) -> Format:
    _refuse_long_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        UnicodeError,
    ):  # an unsupported version, or an invalid name
        raise Rejected("The file is cut off or damaged; save it again, or upload it again.") from None
    if WORKBOOK_PART in {
        name.replace("\\", "/") for name in names
    }:  # some programs for Windows write backslashes
        return Format.XLSX
    for name, sentence in _OTHER_ZIPS.items():
        if name in names:
            raise Rejected(sentence)
    return Format.ZIP


def _refuse_long_directory(path: Path) -> None:
    """Refuse an archive whose directory would fill the memory: Python reads it as a whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _ZIP_END))
        end = file.read()
    place = end.rfind(b"PK\5\6")  # then, from byte 12, the directory's length (APPNOTE 4.3.16)
    if int.from_bytes(end[place + 12 : place + 16], "little") > _LONGEST_DIRECTORY and place >= 0:
        raise Rejected("The zip archive contains too many files; zip only the file with the transactions.")


def _sniff_ole(path: Path) -> Format:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_ENCRYPTED_WORKBOOK) >= 0:
            raise Rejected("The workbook is protected with a password; save it without one.")
        if not any(content.find(name) >= 0 for name in _WORKBOOKS):
            raise Rejected(
                "The file is an old Office document without a workbook, or cut off; save it as xlsx."
            )
    return Format.XLS


def stated_size(path: Path) -> int:
    """Read the unpacked size that a gzip file states in its last four bytes, modulo 4 GB; it may be wrong."""
    with path.open("rb") as file:
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")


def _sniff_gzip(path: Path) -> Format:
    try:
        with gzip.open(path) as file:
            head = file.read(HEAD)
    except (OSError, EOFError, zlib.error):
        raise Rejected("The gzip file is cut off or damaged; create it again, or upload it again.") from None
    if not head.strip():
        raise Rejected("The gzip file is empty; upload the export again.")
    _refuse_other_text(head)
    if not _is_text(head):
        raise Rejected(
            "The gzip file does not contain a csv; compress a csv, or upload the file uncompressed."
        )
    return Format.CSV_GZ
