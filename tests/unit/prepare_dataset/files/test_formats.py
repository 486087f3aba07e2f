import gzip
from pathlib import Path

import pytest

from prepare_dataset.files.formats import sniff
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected
from tests.unit.prepare_dataset.inputs.shop_files import csv_file, csv_text, days, parquet_file, xlsx_file

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def test_the_name_says_nothing(tmp_path: Path) -> None:
    made = {
        Format.CSV: csv_file(tmp_path, days(2)),
        Format.XLSX: xlsx_file(tmp_path, {"one": days(2)}),
        Format.PARQUET: parquet_file(tmp_path, days(2)),
    }
    packed = tmp_path / "shop.gz"
    packed.write_bytes(gzip.compress(csv_text(days(2)).encode()))
    for wanted, path in {**made, Format.CSV_GZ: packed}.items():
        assert sniff(path.rename(tmp_path / "upload.bin")) is wanted


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_text_of_any_encoding_is_csv(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes("Invoice,Price\n1,£2\n".encode(encoding))
    assert sniff(path) is Format.CSV


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    whole = xlsx_file(tmp_path, {"one": days(30)})
    whole.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(Rejected, match="cut off or damaged"):
        sniff(whole)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (OLE + b"\0" * 600, "without a workbook"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "is not supported"),
        (gzip.compress(b"Invoice,Price\n" * 999)[:30], "gzip file is cut off"),
        (gzip.compress(b""), "gzip file is empty"),
        (gzip.compress(b"PK\x03\x04" + b"\0" * 50), "does not contain a csv"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "shop.xlsx"
    path.write_bytes(content)
    with pytest.raises(Rejected, match=sentence):
        sniff(path)
