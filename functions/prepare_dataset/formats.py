"""Which format a file is, judged from its bytes and never from its name."""

import gzip
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path

from retailrec_shared.errors import Rejected

_HEAD = 4096
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# An encrypted workbook is an OLE container with a stream of this name (MS-OFFCRYPTO 2.3.4.4).
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_USE_INSTEAD = "Upload an xlsx, csv, csv.gz or parquet file."


class Format(StrEnum):
    """What `prepare_dataset` can read."""

    XLSX = "xlsx"
    CSV = "csv"
    CSV_GZ = "csv.gz"
    PARQUET = "parquet"


def sniff(path: Path) -> Format:
    """Tell the format of a file from its content; ``Rejected`` says what to upload instead."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise Rejected("The file is empty; upload the export again.")
    if head.startswith(b"PK"):
        return _sniff_zip(path)
    if head.startswith(_OLE):
        raise _ole(path)
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith(b"\x1f\x8b"):
        return _sniff_gzip(path)
    if not _is_text(head):
        raise Rejected(f"The file is in no format known here. {_USE_INSTEAD}")
    return Format.CSV


def _is_text(head: bytes) -> bool:
    return head.startswith(_UTF16_MARKS) or not any(byte < 9 or 13 < byte < 27 for byte in head)


def _sniff_zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, UnicodeError):  # a version or a name that cannot be
        raise Rejected("The file is cut off or damaged; save or upload it again.") from None
    if "xl/workbook.xml" in names:
        return Format.XLSX
    if "xl/workbook.bin" in names:
        raise Rejected("The file is a binary workbook (xlsb); save it as xlsx.")
    raise Rejected("The file is a zip archive; unpack it and upload what is in it.")


def _ole(path: Path) -> Rejected:
    if _ENCRYPTED in path.read_bytes():
        return Rejected("The workbook is protected with a password; save it without one.")
    return Rejected("The file is an old Excel workbook (xls); save it as xlsx.")


def _sniff_gzip(path: Path) -> Format:
    try:
        with gzip.open(path) as file:
            head = file.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        raise Rejected("The gzip file is cut off or damaged; pack or upload it again.") from None
    if not head.strip():
        raise Rejected("The gzip file is empty; upload the export again.")
    if not _is_text(head):
        raise Rejected("The gzip file holds no csv; pack a csv, or upload the file unpacked.")
    return Format.CSV_GZ
