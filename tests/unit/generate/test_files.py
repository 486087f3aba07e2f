"""The three formats hold the same rows, as the real files hold them, and always the same bytes."""

import datetime
import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fastexcel
import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from retailrec.generate import FORMATS, SCHEMA, SHEETS, Shape, generate, write, write_xlsx, xlsx

SHAPE = Shape.of_rows(4_000)
SEED = 11


@pytest.fixture(scope="module")
def sheets() -> dict[str, pa.Table]:
    return generate(SHAPE, SEED)


@pytest.fixture(scope="module")
def rows(sheets: dict[str, pa.Table]) -> pa.Table:
    return pa.concat_tables(sheets.values())


def read_csv(path: Path) -> pa.Table:
    """Read a csv without any help by quotes or guesses: what is written is what is read."""
    options = pyarrow.csv.ConvertOptions(
        column_types=SCHEMA, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pyarrow.csv.read_csv(path, convert_options=options)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_csv_gives_the_same_rows_back(tmp_path: Path, rows: pa.Table, suffix: str) -> None:
    write(tmp_path / f"rows{suffix}", SHAPE, SEED)
    assert read_csv(tmp_path / f"rows{suffix}").equals(rows)


def test_parquet_gives_the_same_rows_back(tmp_path: Path, rows: pa.Table) -> None:
    write(tmp_path / "rows.parquet", SHAPE, SEED)
    assert pq.read_table(tmp_path / "rows.parquet").equals(rows)


def test_xlsx_gives_the_same_rows_back(tmp_path: Path, sheets: dict[str, pa.Table]) -> None:
    write(tmp_path / "rows.xlsx", SHAPE, SEED)
    book = fastexcel.read_excel(tmp_path / "rows.xlsx")
    assert book.sheet_names == list(SHEETS)
    for name, expected in sheets.items():
        sheet = book.load_sheet(name, dtypes={"Invoice": "string", "StockCode": "string"}).to_arrow()
        assert pa.Table.from_batches([sheet]).cast(SCHEMA).equals(expected)


def test_xlsx_cells_have_the_types_of_the_real_file(tmp_path: Path, sheets: dict[str, pa.Table]) -> None:
    write(tmp_path / "rows.xlsx", SHAPE, SEED)
    cells = (
        openpyxl.load_workbook(tmp_path / "rows.xlsx").worksheets[0].iter_rows(min_row=2, values_only=True)
    )
    seen: dict[tuple[int, type], object] = {}
    for row, expected in zip(cells, sheets[SHEETS[0]].to_pylist(), strict=True):
        assert [str(value) if place < 2 else value for place, value in enumerate(row)] == list(
            expected.values()
        )
        seen |= {(place, type(value)): value for place, value in enumerate(row)}
    assert {kind for place, kind in seen if place == 0} == {int, str}  # 489434, C489449
    assert {kind for place, kind in seen if place == 1} == {int, str}  # 85048, 85123A
    assert {kind for place, kind in seen if place == 4} == {datetime.datetime}
    assert {kind for place, kind in seen if place == 6} == {int, type(None)}


def test_customers_in_csv_look_as_they_arrive(tmp_path: Path) -> None:
    write(tmp_path / "rows.csv", SHAPE, SEED)
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    assert lines[0] == "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    assert any(",13085.0," in line for line in lines)
    assert any(',"' in line for line in lines), "a name with a comma is in quotes"
    assert lines[1].startswith("489434,")
    assert ",2009-12-01 " in lines[1]


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write(tmp_path / f"{name}{suffix}", Shape.of_rows(1_500), seed)
    one, same, other = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "same", "other"))
    assert one == same
    assert one != other


def test_progress_ends_at_all_rows(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write(tmp_path / "rows.parquet", SHAPE, SEED, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (SHAPE.rows, SHAPE.rows)
    assert seen == sorted(seen)


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"rows\.ods: the suffix must be one of \.xlsx"):
        write(tmp_path / "rows.ods", SHAPE)


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "rows.csv").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "rows.csv", SHAPE, SEED, progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    assert (tmp_path / "rows.csv").read_text() == "old"


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 1_000)
    with pytest.raises(ValueError, match="holds 1,000 rows: write csv or parquet"):
        write(tmp_path / "rows.xlsx", SHAPE)
    assert not list(tmp_path.iterdir())


def hard_rows() -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pydict(
        {
            "StockCode": ["00123", "0", "85123A", None],
            "Note": ["<&>\"'", " a ", "é", None],
            "Number": [1, None, 2, 7],
        }
    )


def test_xlsx_keeps_leading_zeros_spaces_and_marks(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "hard.xlsx", {"A & B": hard_rows()})
    book = openpyxl.load_workbook(tmp_path / "hard.xlsx")
    assert book.sheetnames == ["A & B"]
    assert list(book.worksheets[0].values) == [
        ("StockCode", "Note", "Number"), ("00123", "<&>\"'", 1), (0, " a ", None), ("85123A", "é", 2),
        (None, None, 7),
    ]  # fmt: skip


def test_packed_files_are_packed(tmp_path: Path) -> None:
    write(tmp_path / "rows.csv.gz", SHAPE, SEED)
    write(tmp_path / "rows.xlsx", SHAPE, SEED)
    assert (
        len(gzip.decompress((tmp_path / "rows.csv.gz").read_bytes()))
        > 3 * (tmp_path / "rows.csv.gz").stat().st_size
    )
    with zipfile.ZipFile(tmp_path / "rows.xlsx") as book:
        assert book.testzip() is None
