"""Small transaction files of every format, and a reader of what preparing them leaves."""

import csv
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options
from prepare_dataset.table.columns import OUR_HEADERS, Headers
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core import names
from retailrec_shared.core.settings import Profile, SplitRule

HEADER = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")
Row = Sequence[Any]


def purchase(**changes: Any) -> list[Any]:
    """Make a row that every profile keeps, save what is changed."""
    row = {
        "invoice": "536365",
        "item": "85123A",
        "description": "WHITE HANGING HEART",
        "quantity": 6,
        "date": datetime(2010, 12, 1, 8, 26),
        "price": 2.55,
        "customer": 17850,
        "country": "United Kingdom",
    }
    assert changes.keys() <= row.keys()
    return list({**row, **changes}.values())


def days(count: int, **changes: Any) -> list[list[Any]]:
    """Make a purchase a day, so that every split finds rows for both sides."""
    return [purchase(date=datetime(2011, 1, day), **changes) for day in range(1, count + 1)]


def csv_text(rows: Iterable[Row], header: Row = HEADER, delimiter: str = ",") -> str:
    lines: list[str] = []

    class Sink:
        def write(self, text: str) -> None:
            lines.append(text)

    writer = csv.writer(Sink(), delimiter=delimiter, lineterminator="\n")
    writer.writerows([header, *rows])
    return "".join(lines)


def csv_file(folder: Path, rows: Iterable[Row], header: Row = HEADER) -> Path:
    path = folder / "shop.csv"
    path.write_text(csv_text(rows, header), encoding="utf-8")
    return path


def xlsx_file(folder: Path, sheets: Mapping[str, Iterable[Row]], header: Row = HEADER) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in [header, *rows]:
            sheet.append(list(row))
    path = folder / "shop.xlsx"
    workbook.save(path)
    return path


def parquet_file(folder: Path, rows: Sequence[Row], header: Sequence[str] = HEADER) -> Path:
    path = folder / "shop.parquet"
    columns = {name: pa.array([row[place] for row in rows]) for place, name in enumerate(header)}
    pq.write_table(pa.table(columns), path)
    return path


class Prepared:
    """What preparing a file left in its folder."""

    def __init__(self, folder: Path, report: QualityReport) -> None:
        self.folder = folder
        self.report = report

    def csv(self, relative: str) -> list[dict[str, str]]:
        with (self.folder / relative).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def parquet(self, relative: str) -> list[dict[str, Any]]:
        return pq.read_table(self.folder / relative).to_pylist()

    def json_lines(self, relative: str) -> list[Any]:
        path = self.folder / relative
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [json.loads(line) for line in data.decode().splitlines()]

    def popular(self) -> Any:
        return json.loads((self.folder / names.POPULAR_JSON).read_text(encoding="utf-8"))

    def interactions(self) -> list[dict[str, str]]:
        """All kept rows, of either side."""
        return self.csv(names.TRAIN_CSV) + self.csv(names.TEST_CSV)

    def rejected(self) -> list[dict[str, Any]]:
        return self.parquet(names.REJECTED_PARQUET)


def prepare(
    source: Path,
    *,
    profile: Profile = "retail",
    split: SplitRule = "temporal",
    top_n: int = 10,
    headers: Headers = OUR_HEADERS,
) -> Prepared:
    target = source.parent / "run"
    report = prepare_file(source, target, Options(profile=profile, split=split, top_n=top_n, headers=headers))
    return Prepared(target, report)
