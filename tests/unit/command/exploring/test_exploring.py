"""What the notebook stands on, and the notebook as it is stored."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.console.customer_ids import CustomerIds
from retailrec.exploring import customers, own_dataset, report
from retailrec.exploring.display import SideBySide, Table, written
from retailrec_shared.contract.api_responses import Purchase, Purchases
from tests.unit.command.runs import make_run

NOTEBOOK = Path(__file__).parents[4] / "notebooks" / "explore.ipynb"
REPORT: dict[str, Any] = {
    "file": "shop.xlsx", "source_format": "xlsx", "profile": "retail", "split": "temporal",
    "sheets": [{"name": "2009", "rows": 60}, {"name": "2010", "rows": 40}],
    "rows_read": 100, "rows_without_customer": 20, "rows_kept": 70, "train_rows": 50, "test_rows": 20,
    "customers": 9, "items": 8, "rejected": {"missing_customer": 20, "duplicate": 10, "invalid_id": 0},
    "first_timestamp": "2009-12-01T09:07:00", "last_timestamp": "2011-12-09T18:15:00",
    "cut_time": "2011-09-02T17:51:00",
    "facts": dict.fromkeys(report.FACTS, 7),
    "pictures": {
        "timeline": {"unit": "day", "periods": [{"start": "2009-12-01", "interactions": 70}]},
        "long_tail": {"points": [{"rank": 1, "interactions": 70}], "top_10_percent": 0.5},
        "activity": {"bins": [{"least": 1, "most": 1, "customers": 9}], "median": 7.5},
    },
}  # fmt: skip


def stack_on(cloud: Any) -> Stack:
    return Stack("shop", None, {"DataBucket": "data"}, {}, cloud)  # type: ignore[arg-type]


def test_the_notebook_is_stored_without_what_came_of_it() -> None:
    stored: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(stored)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert len(code) > 10
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}
    assert {"widgets", "papermill"} & set(stored.metadata) == set()


def test_what_stands_in_a_file_is_text() -> None:
    table = Table("<b>", ("a", ">n"), [("<script>alert(1)</script>", 1234567)], "&")
    html = SideBySide([table, table])._repr_html_()
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 2
    assert "1,234,567" in html
    assert "&lt;b&gt;" in html


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0.123456, "0.1235"), (12.0, "12"), (123456.7, "123,457"), ("00123", "00123")],
)
def test_numbers_are_written_for_people_and_ids_as_they_are(value: object, text: str) -> None:
    assert written(value) == text


def test_every_row_is_accounted_for() -> None:
    rows = {str(row[0]): row[1] for row in report.cleaning(REPORT).rows}
    assert rows == {
        "read": 100, "rejected: missing customer": -20, "rejected: duplicate": -10,
        "kept as interactions": 70,
    }  # fmt: skip
    facts: dict[object, object] = {row[0]: row[1] for row in report.raw_facts(REPORT).rows}
    assert facts["rows of sheet 2010"] == 40
    assert facts["rows without a customer"] == 20
    assert facts["rows that an earlier sheet holds too"] == 7


def test_the_report_is_drawn_with_a_text_for_who_cannot_see_it() -> None:
    data, metadata = report.pictures(REPORT)._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")
    assert metadata["image/png"]["alt"] == "Rows kept, by day, by item, and by customer"


def test_a_customer_that_the_data_lacks_has_a_stand_in_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(CustomerIds, "of_run", lambda *_: ["00123", "13085", "AB-1"])
    monkeypatch.setattr(Stack, "s3", lambda _self: None)
    assert customers.present(stack_on(None), make_run(), ("13085", "17519")) == ["13085", "00123"]
    assert capsys.readouterr().out == "sales.csv has no customer 17519: 00123 is shown instead.\n"


def test_purchases_have_their_total_number() -> None:
    line = Purchase(
        timestamp="2011-12-08T10:00:00",
        invoice=None,
        item_id="85123A",
        description=None,
        quantity=6,
        price=None,
    )
    table = customers._bought(
        Purchases(customer_id="1", run_id="r", country="France", total=84, purchases=[line])
    )
    assert table.title == "Customer 1 (France) bought"
    assert list(table.rows) == [("2011-12-08", "85123A", None, 6.0)]
    assert "of 84 purchases" in table.caption


def test_nothing_is_made_up_on_aws(capsys: pytest.CaptureFixture[str]) -> None:
    assert own_dataset.file_or_example(stack_on(None), None, {}) == (None, {})
    assert "Set MY_FILE" in capsys.readouterr().out


def test_a_file_of_ones_own_is_taken_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.touch()
    columns = {"customer_id": "household"}
    assert own_dataset.file_or_example(stack_on(None), str(path), columns) == (path, columns)
    with pytest.raises(Problem, match="There is no file"):
        own_dataset.file_or_example(stack_on(object()), "absent.csv", {})


def test_the_made_up_shop_has_headers_that_its_mapping_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_dataset, "FOLDER", tmp_path)
    monkeypatch.setattr(own_dataset, "EXAMPLE_ROWS", 1000)
    path, columns = own_dataset.file_or_example(stack_on(object()), None, {})
    assert path is not None
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    assert set(columns.values()) <= set(header.split(","))
    assert len(rows) == 1000


def test_a_mapping_that_names_no_column_is_refused_before_anything_is_uploaded() -> None:
    with pytest.raises(Problem, match="is no column"):
        own_dataset.drop(stack_on(None), NOTEBOOK, {"colour": "red"})
