"""Reading each format: what is a row, where it stands, and what is refused."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core import names
from retailrec_shared.core.errors import Rejected
from tests.unit.prepare_dataset.inputs.shop_files import (
    HEADER,
    Row,
    csv_file,
    csv_text,
    days,
    parquet_file,
    prepare,
    purchase,
    xlsx_file,
)


def mixed_rows() -> list[Row]:
    """Rows as in the real file: all-digit codes are numbers, other codes are texts."""
    return [
        *days(8, item=85048, customer=13085),
        purchase(item="00123", date=datetime(2011, 2, 1), customer=13085.0, price=1.25),
        purchase(
            item="1e5", date=datetime(2011, 2, 2, 9, 5, 30), description='SAID “HI”, 5" WIDE', country=None
        ),
        purchase(item=85048, invoice="C536379", quantity=-1),
        purchase(customer=None),
    ]


def as_csv(folder: Path) -> Path:
    return csv_file(folder, mixed_rows())


def as_packed_csv(folder: Path) -> Path:
    path = folder / "shop.csv.gz"
    path.write_bytes(gzip.compress(csv_text(mixed_rows()).encode()))
    return path


def as_xlsx(folder: Path) -> Path:
    return xlsx_file(folder, {"first": mixed_rows()[:5], "second": mixed_rows()[5:]})


def as_parquet(folder: Path) -> Path:
    texts = [[*map(str, row[:2]), *row[2:6], row[6] and float(row[6]), row[7]] for row in mixed_rows()]
    return parquet_file(folder, texts)


@pytest.mark.parametrize("write", [as_csv, as_packed_csv, as_xlsx, as_parquet])
def test_every_format_gives_the_same_interactions(tmp_path: Path, write: Any) -> None:
    done = prepare(write(tmp_path))
    assert [(row["user_id"], row["item_id"]) for row in done.interactions()] == [
        *[("13085", "85048")] * 8, ("13085", "00123"), ("17850", "1e5"),
    ]  # fmt: skip
    newest = done.json_lines(names.HISTORY_JSONL)[-1]["purchases"][0]
    assert newest == {
        "timestamp": "2011-02-02T09:05:30",
        "invoice": "536365",
        "item_id": "1e5",
        "quantity": 6,
        "price": 2.55,
    }
    rejected = {reason: rows for reason, rows in done.report.rejected.items() if rows}
    assert rejected == {RejectReason.MISSING_CUSTOMER: 1, RejectReason.CANCELLATION: 1}


def test_every_sheet_is_read_and_counted_by_name(tmp_path: Path) -> None:
    done = prepare(xlsx_file(tmp_path, {"Year 1": days(3), "Year 2": days(4)}), profile="tutorial")
    assert [(sheet.name, sheet.rows) for sheet in done.report.sheets] == [("Year 1", 3), ("Year 2", 4)]
    assert done.report.facts.overlap_rows == done.report.facts.exact_duplicates == 3


def test_sheets_may_order_and_spell_their_columns_differently(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, {"one": days(3)})
    workbook = openpyxl.load_workbook(path)
    other = workbook.create_sheet("two")
    other.append([name.upper() for name in reversed(HEADER)])
    other.append(list(reversed(purchase(customer=12346))))
    workbook.save(path)
    assert prepare(path).report.customers == 2


def test_empty_sheets_and_blank_rows_are_no_rows(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, {"one": [*days(2), [], [None] * 8, *days(3)[2:], purchase(customer=None)]})
    workbook = openpyxl.load_workbook(path)
    workbook.create_sheet("empty", 0)
    workbook.save(path)
    done = prepare(path)
    assert done.report.rows_read == 4
    assert [(row["sheet"], row["row"]) for row in done.rejected()] == [("one", 7)]


def test_rows_are_numbered_as_the_sheet_shows_them_below_empty_rows_and_a_title(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet["C3"] = "Sales of the year"
    for row, cells in enumerate([HEADER, *days(2), purchase(customer=None)], start=5):
        for column, cell in enumerate(cells, start=3):
            sheet.cell(row, column, cell)
    path = tmp_path / "shop.xlsx"
    workbook.save(path)
    assert [row["row"] for row in prepare(path).rejected()] == [8]


def test_a_sheet_without_quantities_and_prices_counts_pieces_and_checks_no_price(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, {"one": [*days(3), purchase(price=None)]})
    workbook = openpyxl.load_workbook(path)
    other = workbook.create_sheet("two")
    other.append(["Customer ID", "StockCode", "InvoiceDate"])
    other.append([12346, "71053", datetime(2011, 2, 1)])
    workbook.save(path)
    done = prepare(path)
    assert done.report.rejected[RejectReason.INVALID_PRICE] == 1
    assert done.report.facts.unreadable_quantities == done.report.facts.unreadable_prices == 0
    assert [
        (purchases[0]["quantity"], purchases[0]["price"])
        for purchases in (line["purchases"] for line in done.json_lines(names.HISTORY_JSONL))
    ] == [(1, None), (6, 2.55)]


def test_a_sheet_of_notes_is_passed_over_and_reported_with_no_rows(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, {"one": days(3)})
    workbook = openpyxl.load_workbook(path)
    workbook.create_sheet("notes", 0).append(["Ask Jane about the returns"])
    workbook.save(path)
    report = prepare(path).report
    assert [(sheet.name, sheet.rows) for sheet in report.sheets] == [("notes", 0), ("one", 3)]


def test_a_workbook_of_nothing_but_notes_is_refused_by_the_first(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].append(["Ask Jane about the returns"])
    workbook.save(tmp_path / "shop.xlsx")
    with pytest.raises(Rejected, match="Ask Jane") as refusal:
        prepare(tmp_path / "shop.xlsx")
    assert refusal.value.sheet == "Sheet"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes(csv_text(days(3, description="£5 CAFÉ, LARGE"), delimiter=delimiter).encode(encoding))
    done = prepare(path)
    assert done.report.rows_kept == 3
    assert done.json_lines(names.CATALOGUE_JSONL)[0]["description"] == "£5 CAFÉ, LARGE"


@pytest.mark.parametrize("odd", [b"\xa35", b"\x81\xa3"])
def test_one_byte_that_is_not_utf8_late_in_the_file_decides_its_encoding(
    tmp_path: Path, odd: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prepare_dataset.read.csv.reader._BLOCK", 256 << 10)
    rows = [purchase(invoice=f"{number:06}", description="WIDE " * 40) for number in range(8_000)]
    path = tmp_path / "shop.csv"
    malformed = b"one cell with " + odd + b"\n"  # such a line is handed over as text, and must be text
    path.write_bytes(csv_text([*rows, purchase(date=datetime(2011, 1, 1))]).encode() + malformed)
    done = prepare(path)
    assert done.report.rows_kept == 8_001
    assert [row["line"] for row in done.rejected()] == [f"one cell with {odd.decode('latin-1')}"]


def test_a_csv_line_with_too_few_or_too_many_cells_is_rejected_with_its_text(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    good = csv_text(days(3, description="TWO\nLINES")).replace("\n5", "\x005").split("\x00")
    path.write_text(
        good[0] + "\n" + good[1] + "\nonly,three,cells\n" + good[2] + "\n" + good[3] + ",,,,,,,,\n"
    )
    done = prepare(path)
    assert done.report.rows_read == 5
    assert [(row["reason"], row["row"], row["line"]) for row in done.rejected()][:1] == [
        ("malformed_row", 3, "only,three,cells")
    ]
    assert done.report.rejected[RejectReason.MALFORMED_ROW] == 2


def test_quoted_newlines_and_delimiters_belong_to_their_cell(tmp_path: Path) -> None:
    done = prepare(csv_file(tmp_path, days(3, description='A "B",\nC')))
    assert done.json_lines(names.CATALOGUE_JSONL)[0]["description"] == 'A "B",\nC'


def test_a_quotation_mark_that_is_never_closed_swallows_no_rows(tmp_path: Path) -> None:
    path = csv_file(tmp_path, days(9))
    lines = path.read_text().splitlines(keepends=True)
    lines[4] = lines[4].replace("WHITE", '"WHITE')
    path.write_text("".join(lines))
    with pytest.raises(Rejected, match="never closed") as refusal:
        prepare(path)
    assert refusal.value.row == 5


def test_a_csv_header_may_stand_below_a_title(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("Sales of the year\n\n" + csv_text([*days(3), purchase(customer="")]))
    assert [row["row"] for row in prepare(path).rejected()] == [7]


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_header_without_rows_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(",".join(HEADER) + ending)
    with pytest.raises(Rejected, match="no rows"):
        prepare(path)
    with pytest.raises(Rejected, match="no rows"):
        prepare(xlsx_file(tmp_path, {"one": []}))


@pytest.mark.slow
def test_a_gzip_file_that_is_cut_off_late_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv.gz"
    text = csv_text(purchase(invoice=f"{number:06}") for number in range(50_000))
    path.write_bytes(gzip.compress(text.encode())[:-50])
    with pytest.raises(Rejected, match="cut off or damaged"):
        prepare(path)


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, {"one": days(30)})
    content = bytearray(path.read_bytes())
    at = content.find(b"xl/worksheets/sheet1.xml") + 60
    content[at : at + 40] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(Rejected, match="damaged"):
        prepare(path)


def test_parquet_of_other_types_is_read(tmp_path: Path) -> None:
    rows = days(4)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(HEADER)}
    table = pa.table(
        {
            **columns,
            "StockCode": pa.array(["85048"] * 4).dictionary_encode(),
            "Quantity": pa.array([1.0, 2.0, 3.0, 4.0], pa.float32()),
            "InvoiceDate": pa.array([row[4].replace(tzinfo=UTC) for row in rows], pa.timestamp("ns", "UTC")),
            "Customer ID": pa.array([1e15 + 7, 13085.0, 13085.0, 13085.0]),
        }
    )
    path = tmp_path / "shop.parquet"
    pq.write_table(table, path)
    done = prepare(path)
    assert {row["user_id"] for row in done.interactions()} == {"1000000000000007", "13085"}
    assert done.report.first_timestamp == datetime(2011, 1, 1)


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ("Europe/London", "2011-07-01 00:30:00"),
        ("+05:30", "2011-07-01 05:00:00"),
        ("UTC", "2011-06-30 23:30:00"),
        ("Nowhere/Known", "2011-06-30 23:30:00"),
    ],
)
def test_a_time_of_parquet_is_what_the_clocks_of_its_zone_showed_as_in_csv(
    tmp_path: Path, zone: str, clock: str
) -> None:
    path = parquet_file(tmp_path, days(3))
    times = pa.array([datetime(2011, 6, 30, 23, 30), datetime(2011, 7, 3), datetime(2011, 7, 4)])
    table = pq.read_table(path)
    place = table.schema.get_field_index("InvoiceDate")
    zoned = table.set_column(place, "InvoiceDate", times.cast(pa.timestamp("us", zone)))
    pq.write_table(zoned, path)
    assert prepare(path).interactions()[0]["timestamp"] == clock


def test_parquet_with_nested_cells_is_refused(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, [[*row[:1], [row[1]], *row[2:]] for row in days(3)])
    with pytest.raises(Rejected, match="flatten it") as refusal:
        prepare(path)
    assert refusal.value.column == "StockCode"


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, days(30))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Rejected, match="damaged"):
        prepare(path)


def test_columns_that_may_be_absent_have_defaults(tmp_path: Path) -> None:
    rows = [[row[1], row[4], row[6]] for row in days(3)]
    done = prepare(csv_file(tmp_path, rows, header=["StockCode", "InvoiceDate", "Customer ID"]))
    assert done.json_lines(names.CATALOGUE_JSONL) == [
        {"item_id": "85123A", "description": "", "customers": 1, "quantity": 3}
    ]
    (history,) = done.json_lines(names.HISTORY_JSONL)
    assert history["country"] is None
    assert history["purchases"][0] == {
        "timestamp": "2011-01-03T00:00:00",
        "invoice": None,
        "item_id": "85123A",
        "quantity": 1,
        "price": None,
    }
