"""Small files that would fill any memory or disk, made without being unpacked."""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.unit.prepare_dataset.inputs.corpus import written
from tests.unit.prepare_dataset.inputs.corpus_workbooks import rewritten
from tests.unit.prepare_dataset.inputs.shop_files import csv_text, days, purchase, xlsx_file

GB = 1_000_000_000
BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {}


def bomb(words: str) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    def enter(build: Callable[[Path], Path]) -> Callable[[Path], Path]:
        BOMBS[build.__name__] = build, words
        return build

    return enter


def repeated(first: bytes, block: bytes, size: int) -> bytes:
    """Deflate ``first`` and then ``block`` until so many bytes are reached: the packed block is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(first) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + packed * (size // len(block)) + packer.flush()


def zipped(path: Path, name: str, deflated: bytes, stated: int, checksum: int = 0) -> Path:
    """Put deflated bytes into an archive, which states a size of its own."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(name, deflated)
    content = bytearray(path.read_bytes())
    local, central = content.rfind(b"PK\3\4"), content.rfind(b"PK\1\2")
    for place, method in ((local, 8), (central, 10)):
        struct.pack_into("<H", content, place + method, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", content, place + method + 6, checksum)
        struct.pack_into("<I", content, place + method + 14, stated)
    path.write_bytes(content)
    return path


def without(path: Path, part: str) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != part}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


CSV = csv_text(days(3)).encode()
ROW = csv_text([purchase()]).encode().split(b"\n", 1)[1]
SHEET = "xl/worksheets/sheet1.xml"
XML_ROWS = b'<row><c t="n"><v>1</v></c></row>' * 20_000


@bomb("unpacks to more than the 1,200 MB")
def a_zip_bomb(folder: Path) -> Path:
    return zipped(folder / "shop.zip", "shop.csv", repeated(CSV, ROW * 9_999, 4 * GB), 4 * GB)


@bomb("unpacks to more than the 1,200 MB")
def a_zip_bomb_that_understates_its_size(folder: Path) -> Path:
    return zipped(folder / "shop.zip", "shop.csv", repeated(CSV, ROW * 9_999, 4 * GB), len(CSV))


@bomb("too many files")
def a_zip_of_a_million_files(folder: Path) -> Path:
    path = folder / "shop.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shop.csv", CSV)
    content = path.read_bytes()
    start, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    directory = content[start:end] * 1_000_000
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(directory), start, 0)
    path.write_bytes(content[:start] + directory + tail)
    return path


@bomb("unpacks to more than the 2,000 MB")
def an_xlsx_bomb(folder: Path) -> Path:
    path = without(xlsx_file(folder, {"one": days(3)}), SHEET)
    return zipped(path, SHEET, repeated(b"<worksheet><sheetData>", XML_ROWS, 4 * GB), 4 * GB)


@bomb("unpacks to more than the 2,000 MB")
def an_xlsx_bomb_that_understates_its_size(folder: Path) -> Path:
    path = without(xlsx_file(folder, {"one": days(3)}), SHEET)
    return zipped(path, SHEET, repeated(b"<worksheet><sheetData>", XML_ROWS, 4 * GB), 9_999)


@bomb("unpacks to more than the 2,000 MB")
def a_workbook_of_endless_texts(folder: Path) -> Path:
    texts = repeated(b"<sst>", b"<si><t/></si>" * 50_000, 4 * GB)
    return zipped(xlsx_file(folder, {"one": days(3)}), "xl/sharedStrings.xml", texts, 99)


@bomb("spans 17,179,869,184 cells")
def two_cells_far_apart(folder: Path) -> Path:
    far = b"<row r='1048576'><c r = 'XFD1048576'><v>1</v></c><c r='XFD1048576'><v>1</v></c></row></sheetData>"
    return rewritten(
        xlsx_file(folder, {"one": days(3)}), SHEET, lambda xml: xml.replace(b"</sheetData>", far)
    )


@bomb("spans 17,179,869,184 cells")
def two_cells_far_apart_oddly_spelled(folder: Path) -> Path:
    far = b"<row r\t= '1048576'><c\nr\t=\n'xfd1048576'><v>1</v></c></row></sheetData>"
    return rewritten(
        xlsx_file(folder, {"one": days(3)}), SHEET, lambda xml: xml.replace(b"</sheetData>", far)
    )


def with_rows(folder: Path, rows: bytes) -> Path:
    return rewritten(
        xlsx_file(folder, {"one": days(3)}), SHEET, lambda xml: xml.replace(b"</sheetData>", rows)
    )


def moved(path: Path, old: str, new: str) -> Path:
    """Let the first sheet lie elsewhere in its archive, and every other part say so."""
    with zipfile.ZipFile(path) as archive:
        parts = {name.replace(old, new): archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old.encode(), new.encode()))
    return path


FAR = b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row></sheetData>"


@bomb("too much memory or time to read")
def two_cells_far_apart_with_a_near_one_named_last(folder: Path) -> Path:
    return with_rows(folder, FAR + b"<x r='A1'/>")


@bomb("too much memory or time to read")
def cells_without_a_place_far_apart(folder: Path) -> Path:
    wide = b"<row r='5'>" + b"<c><v>1</v></c>" * 300_000 + b"</row>"
    return with_rows(folder, wide + b"<row r='1048576'><c r='A1048576'><v>1</v></c></row></sheetData>")


@bomb("spans 17,179,869,184 cells")
def two_cells_far_apart_in_a_sheet_of_another_name(folder: Path) -> Path:
    return moved(with_rows(folder, FAR), "sheet1.xml", "sheet1.dat")


@bomb("spans 17,179,869,184 cells")
def two_cells_far_apart_in_a_sheet_in_another_folder(folder: Path) -> Path:
    return moved(with_rows(folder, FAR), "xl/worksheets/sheet1.xml", "any/worksheets/sheet1.xml")


@bomb("too much memory or time to read")
def a_text_of_a_megabyte_in_every_cell(folder: Path) -> Path:
    cells = (b'<row r="%d"><c r="I%d" t="s"><v>0</v></c></row>' % (row, row) for row in range(5, 200_000))
    path = with_rows(folder, b"".join(cells) + b"</sheetData>")
    path = rewritten(
        path,
        "xl/_rels/workbook.xml.rels",
        lambda xml: xml.replace(
            b"</Relationships>",
            b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            b'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        ),
    )
    texts = b"<sst><si><t>" + b"x" * 1_000_000 + b"</t></si></sst>"
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", texts)
    return path


@bomb("has 20,000 sheets")
def a_workbook_that_lists_a_sheet_thousands_of_times(folder: Path) -> Path:
    def list_often(xml: bytes) -> bytes:
        start = xml.index(b"<sheet ")
        one = xml[start : xml.index(b">", start) + 1]
        return xml.replace(one, b"".join(one.replace(b'"one"', b'"%d"' % number) for number in range(20_000)))

    return rewritten(xlsx_file(folder, {"one": days(3)}), "xl/workbook.xml", list_often)


def endless(folder: Path, part: str, head: bytes, block: bytes) -> Path:
    return zipped(without(xlsx_file(folder, {"one": days(3)}), part), part, repeated(head, block, 4 * GB), 99)


@bomb("unpacks to more than the 2,000 MB")
def a_workbook_of_endless_names(folder: Path) -> Path:
    names = b'<definedName name="abc">A!$A$1</definedName>' * 20_000
    return endless(folder, "xl/workbook.xml", b"<workbook><definedNames>", names)


@bomb("unpacks to more than the 2,000 MB")
def a_workbook_of_endless_styles(folder: Path) -> Path:
    return endless(folder, "xl/styles.xml", b'<styleSheet a="', b"x" * 1_000_000)


@bomb("unpacks to more than the 2,000 MB")
def a_workbook_of_thousands_of_large_parts(folder: Path) -> Path:
    path = xlsx_file(folder, {"one": days(3)})
    block = b" " * 1_000_000
    large, checksum = repeated(b"<x>", block, 100_000_000), zlib.crc32(b"<x>" + block * 100)
    for number in range(40):
        zipped(path, f"xl/worksheets/large{number}.xml", large, 99, checksum)
    return path


@bomb("unpacks to more than the 1,200 MB")
def a_gzip_bomb_of_empty_lines_that_understates_its_size(folder: Path) -> Path:
    tail = struct.pack("<II", 0, 99)
    return written(folder, gzip.compress(b"")[:10] + repeated(CSV, b"\n" * 1_000_000, 3 * GB) + tail)


@bomb("more than 8 MB")
def a_gzip_bomb_of_one_line(folder: Path) -> Path:
    tail = struct.pack("<II", 0, 99)
    return written(folder, gzip.compress(b"")[:10] + repeated(CSV, b"x" * 1_000_000, 3 * GB) + tail)


@bomb("has 2,147 MB, but csv files can have at most 1,200 MB")
def a_csv_of_one_line_of_two_gigabytes(folder: Path) -> Path:
    path = written(folder, CSV + b"x" * 8_000)
    with path.open("r+b") as file:
        file.truncate(2 << 30)  # a hole, which takes no room
    return path


@bomb("more than 8 MB")
def a_csv_of_one_long_line(folder: Path) -> Path:
    path = written(folder, CSV + b"x" * 8_000)
    with path.open("r+b") as file:
        file.truncate(1 << 30)
    return path


@bomb("1,000,001 lines or more do not have the 8 cells")
def a_csv_of_endless_malformed_rows(folder: Path) -> Path:
    return written(folder, CSV + b"x\n" * 10_000_000)


@bomb("lines or more do not have the 8 cells")
def a_csv_of_long_malformed_rows(folder: Path) -> Path:
    tail = struct.pack("<II", 0, 99)
    row = b"x" * 6_999_999 + b"\n"
    return written(folder, gzip.compress(b"")[:10] + repeated(CSV, row, 1_000_000_000) + tail)


@bomb("has 12,000 row groups")
def a_parquet_file_of_thousands_of_row_groups(folder: Path) -> Path:
    path = folder / "shop.parquet"
    columns = {name: ["1"] * 12_000 for name in ("StockCode", "Customer ID", "InvoiceDate")}
    pq.write_table(pa.table(columns), path, row_group_size=1)
    return path


@bomb("has at least 16,000,000 rows")
def a_parquet_file_of_endless_rows(folder: Path) -> Path:
    repeats = pa.DictionaryArray.from_arrays(pa.array(bytes(4_000_000), pa.uint8()), ["1"])
    path = folder / "shop.parquet"
    schema = pa.schema([(name, repeats.type) for name in ("StockCode", "Customer ID", "InvoiceDate")])
    with pq.ParquetWriter(path, schema) as file:
        for _ in range(4):
            file.write_table(pa.table([repeats] * len(schema), schema=schema))
    return path


@bomb("kept 200000")
def a_parquet_file_that_repeats_a_text_of_ten_megabytes(folder: Path) -> Path:
    rows = 200_000
    long = pa.DictionaryArray.from_arrays(pa.array(bytes(rows), pa.uint8()), ["é" * 5_000_000])
    columns = {
        "StockCode": pa.array(range(rows)),
        "Customer ID": pa.array(range(rows)),
        "InvoiceDate": pa.array([datetime(2011, 1, 1 + n % 28) for n in range(rows)]),
        "Country": long,
        "Description": long,
    }
    path = folder / "shop.parquet"
    pq.write_table(pa.table(columns), path)
    return path
