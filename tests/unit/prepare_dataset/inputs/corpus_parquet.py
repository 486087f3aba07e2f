"""Parquet files of every kind."""

import base64
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.parquet.encryption import CryptoFactory, EncryptionConfiguration, KmsClient, KmsConnectionConfig

from tests.unit.prepare_dataset.inputs.corpus import Kept, Refused, case, written
from tests.unit.prepare_dataset.inputs.shop_files import HEADER, days, parquet_file


def changed(folder: Path, columns: Mapping[str, Any], **options: Any) -> Path:
    """Three good rows, with some columns replaced."""
    good = {name: [row[place] for row in days(3)] for place, name in enumerate(HEADER)}
    path = folder / "shop.parquet"
    pq.write_table(pa.table({**good, **columns}), path, **options)
    return path


@case(Refused("has list.*flatten it", column="StockCode"))
def nested_columns(folder: Path) -> Path:
    return changed(folder, {"StockCode": pa.array([["a"], ["b"], ["c"]])})


@case(Kept(3))
def nested_columns_that_are_not_read(folder: Path) -> Path:
    return changed(folder, {"tags": pa.array([["a"], [], None]), "Customer": pa.array([{"Price": 1}] * 3)})


@case(Kept(3))
def dictionary_columns(folder: Path) -> Path:
    return changed(folder, {"StockCode": pa.array(["85048", "85048", "1e5"]).dictionary_encode()})


@case(Kept(3, sees={"user_id": "17850"}))
def ids_as_floats_and_decimals(folder: Path) -> Path:
    prices = pa.array([Decimal("2.50")] * 3)
    return changed(folder, {"Customer ID": pa.array([17850.0] * 3), "Price": prices})


@case(Kept(2, {"invalid_price": 1}))
def nan_prices(folder: Path) -> Path:
    return changed(folder, {"Price": pa.array([2.5, float("nan"), 1.0])})


@case(Kept(3))
def large_texts_and_texts_as_bytes(folder: Path) -> Path:
    large = pa.array(["85048", "71053", "22423"], pa.large_string())
    return changed(folder, {"StockCode": large, "Country": pa.array([b"France"] * 3)})


@case(Kept(3))
def texts_as_views(folder: Path) -> Path:
    return changed(folder, {"StockCode": pa.array(["85048", "71053", "22423"], pa.string_view())})


@case(Refused("damaged"))
def bytes_that_are_no_text(folder: Path) -> Path:
    return changed(folder, {"StockCode": pa.array([b"\xff\xfe", b"a", b"b"])})


@case(Kept(3))
def dates_without_a_time(folder: Path) -> Path:
    return changed(folder, {"InvoiceDate": pa.array([14975, 14976, 14977], pa.date32())})


@case(Refused("Nothing in the column InvoiceDate can be read", row=1, column="InvoiceDate"))
def dates_as_seconds_since_1970(folder: Path) -> Path:
    return changed(folder, {"InvoiceDate": pa.array([1293840000, 1293926400, 1294012800])})


@case(Kept(3, sees={"user_id": "12345678-1234-5678-1234-567812345678"}))
def ids_that_are_uuids(folder: Path) -> Path:
    number = UUID("12345678-1234-5678-1234-567812345678").bytes
    return changed(folder, {"Customer ID": pa.array([number] * 3, pa.uuid())}, store_schema=False)


@case(Kept(3))
def floats_of_two_bytes(folder: Path) -> Path:
    return changed(folder, {"Price": pa.array([2.5, 1.0, 3.0], pa.float16())})


@case(Kept(3))
def rows_of_empty_texts(folder: Path) -> Path:
    rows = [*days(3), [""] * len(HEADER)]
    columns = {name: [str(row[place]) for row in rows] for place, name in enumerate(HEADER)}
    path = folder / "shop.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@case(Refused("encrypted; write it without"))
def encrypted_parquet(folder: Path) -> Path:
    return encrypted(folder, plaintext_footer=False)


@case(Refused("encrypted; write it without"))
def encrypted_parquet_with_a_plain_footer(folder: Path) -> Path:
    return encrypted(folder, plaintext_footer=True)


class Keys(KmsClient):
    def wrap_key(self, key_bytes: bytes, _master: str) -> str:
        return base64.b64encode(key_bytes).decode()


def encrypted(folder: Path, *, plaintext_footer: bool) -> Path:
    table = pq.read_table(parquet_file(folder, days(3)))
    wanted = EncryptionConfiguration(
        "footer", column_keys={"column": ["Price"]}, plaintext_footer=plaintext_footer
    )
    properties = CryptoFactory(lambda _: Keys()).file_encryption_properties(KmsConnectionConfig(), wanted)
    path = folder / "encrypted.parquet"
    with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as file:
        file.write_table(table)
    return path


@case(Refused("Two columns mean Price", column="Price"))
def duplicate_columns_in_parquet(folder: Path) -> Path:
    return changed(folder, {"unit price": pa.array([1.0] * 3)})


@case(Kept(3))
def a_thousand_columns_in_parquet(folder: Path) -> Path:
    return changed(folder, {f"column {number}": pa.array([number] * 3) for number in range(992)})


@case(Refused("header but no rows"))
def parquet_without_rows(folder: Path) -> Path:
    path = parquet_file(folder, days(3))
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    return path


@case(Refused("damaged"))
def truncated_parquet(folder: Path) -> Path:
    return written(folder, parquet_file(folder, days(3)).read_bytes()[:-20])


@case(Refused("damaged"))
def parquet_with_rubbish_inside(folder: Path) -> Path:
    content = bytearray(parquet_file(folder, days(3)).read_bytes())
    content[4:200] = b"\xee" * 196
    return written(folder, bytes(content))


@case(Kept(3))
def parquet_packed_with_zstd_in_small_groups(folder: Path) -> Path:
    return changed(folder, {}, compression="zstd", row_group_size=1)
