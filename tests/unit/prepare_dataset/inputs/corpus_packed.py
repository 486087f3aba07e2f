"""Zip archives, and xls workbooks."""

import gzip
import struct
import zipfile
from pathlib import Path

from tests.unit.prepare_dataset.inputs.corpus import Kept, Refused, case, written
from tests.unit.prepare_dataset.inputs.shop_files import HEADER, csv_text, days, parquet_file, xlsx_file
from tests.unit.prepare_dataset.inputs.xls_file import xls_bytes

CSV = csv_text(days(3)).encode()


def packed(folder: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "upload.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@case(Kept(3))
def a_zip_of_a_csv(folder: Path) -> Path:
    return packed(folder, ("sales/2011.csv", CSV), ("__MACOSX/._2011.csv", b"\0\5"), (".DS_Store", b"\0"))


@case(Kept(3))
def a_zip_of_a_packed_csv(folder: Path) -> Path:
    return packed(folder, ("2011.csv.gz", gzip.compress(CSV)))


@case(Kept(3))
def a_zip_of_a_workbook(folder: Path) -> Path:
    return packed(folder, ("2011.xlsx", xlsx_file(folder, {"one": days(3)}).read_bytes()))


@case(Kept(3))
def a_zip_of_parquet(folder: Path) -> Path:
    return packed(folder, ("2011", parquet_file(folder, days(3)).read_bytes()))


@case(Kept(3))
def a_zip_packed_with_lzma(folder: Path) -> Path:
    return packed(folder, ("2011.csv", CSV), method=zipfile.ZIP_LZMA)


@case(Refused(r"contains 2 files \(a.csv, b.csv\)"))
def a_zip_of_two_files(folder: Path) -> Path:
    return packed(folder, ("a.csv", CSV), ("b.csv", CSV))


@case(Refused("contains 2 files \\(a�b�\\[31m.csv, [b�]{59}…\\); zip only the"))
def a_zip_of_files_whose_names_are_no_text(folder: Path) -> Path:
    return packed(folder, ("a\nb\x1b[31m.csv", CSV), ("b\r" * 9_000, CSV))


@case(Kept(3))
def a_zip_of_a_file_that_would_lie_elsewhere(folder: Path) -> Path:
    return packed(folder, ("../../../\\..\\etc/2011.csv", CSV))


@case(Refused("begins with: /etc/passwd"))
def a_zip_of_a_link(folder: Path) -> Path:
    link = zipfile.ZipInfo("2011.csv")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = folder / "upload.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    return path


@case(Refused("contains no file"))
def a_zip_of_nothing(folder: Path) -> Path:
    return packed(folder, ("folder/", b""))


@case(Refused("contains another zip archive"))
def a_zip_of_a_zip(folder: Path) -> Path:
    return packed(folder, ("a.zip", packed(folder, ("a.csv", CSV)).read_bytes()))


@case(Refused("is not supported"))
def a_zip_of_a_picture(folder: Path) -> Path:
    return packed(folder, ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(99)))


@case(Refused("more than 1,000 files"))
def a_zip_of_thousands_of_files(folder: Path) -> Path:
    return packed(folder, *[(f"{number}.csv", b"") for number in range(3_000)], method=zipfile.ZIP_STORED)


@case(Refused("password"))
def a_zip_with_a_password(folder: Path) -> Path:
    path = packed(folder, ("a.csv", CSV))
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.find(signature) + place] |= 1
    path.write_bytes(content)
    return path


@case(Refused("unusual compression"))
def a_zip_packed_in_an_unknown_way(folder: Path) -> Path:
    path = packed(folder, ("a.csv", CSV))
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        content[content.find(signature) + place] = 97
    path.write_bytes(content)
    return path


@case(Refused("cut off or damaged"))
def a_truncated_zip(folder: Path) -> Path:
    path = packed(folder, ("a.csv", CSV * 50))
    path.write_bytes(path.read_bytes()[:-60])
    return path


@case(Refused("cut off or damaged"))
def a_zip_with_damaged_content(folder: Path) -> Path:
    path = packed(folder, ("a.csv", CSV * 50))
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    return path


@case(Refused("OpenDocument"))
def an_opendocument_sheet(folder: Path) -> Path:
    return packed(
        folder, ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"")
    )


@case(Refused("Office document without a workbook"))
def a_word_document(folder: Path) -> Path:
    return packed(folder, ("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<document/>"))


@case(Kept(3, sees={"item_id": "85123A", "user_id": "17850", "quantity": "6"}))
def an_xls_workbook(folder: Path) -> Path:
    return written(folder, xls_bytes([HEADER, *days(3)]))


@case(Refused("damaged"))
def an_xls_workbook_whose_directory_leads_in_a_circle(folder: Path) -> Path:
    content = bytearray(xls_bytes([HEADER, *days(3)]))
    start = content.find(struct.pack("<3I", 1, 2, 3))
    end = content.find(struct.pack("<2I", 0xFFFFFFFD, 0xFFFFFFFE), start) + 4
    struct.pack_into("<I", content, end, (end - start) // 4)
    return written(folder, bytes(content))


@case(Refused("damaged"))
def an_xls_workbook_that_asks_for_all_memory(folder: Path) -> Path:
    content = bytearray(xls_bytes([HEADER, *days(3)]))
    struct.pack_into("<I", content, 44, 2**31 - 1)  # so many sectors, it says, has its table
    return written(folder, bytes(content))


@case(Refused("cut off"))
def a_truncated_xls_workbook(folder: Path) -> Path:
    return written(folder, xls_bytes([HEADER, *days(3)])[:2_000])


@case(Refused("password"))
def a_password_protected_workbook(folder: Path) -> Path:
    ole = bytes.fromhex("d0cf11e0a1b11ae1")
    return written(folder, ole + bytes(1_000) + "EncryptedPackage".encode("utf-16-le") + bytes(1_000))


@case(Refused("without a workbook"))
def an_old_word_document(folder: Path) -> Path:
    return written(
        folder, bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "WordDocument".encode("utf-16-le")
    )
