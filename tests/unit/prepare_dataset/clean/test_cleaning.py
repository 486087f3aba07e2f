"""Each row is kept, or rejected for the first reason that fits."""

from pathlib import Path
from typing import Any

import pytest

from prepare_dataset.clean.reasons import PROFILES
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core import names
from tests.unit.prepare_dataset.inputs.shop_files import csv_file, days, prepare, purchase

KEPT = days(3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"customer": ""}, "missing_customer"),
        ({"customer": "   "}, "missing_customer"),
        ({"item": ""}, "missing_item"),
        ({"date": "soon"}, "invalid_date"),
        ({"date": ""}, "invalid_date"),
        ({"date": "2262-04-12"}, "invalid_date"),
        ({"invoice": "C536379"}, "cancellation"),
        ({"invoice": "c536379"}, "cancellation"),
        ({"quantity": ""}, "invalid_quantity"),
        ({"quantity": "a few"}, "invalid_quantity"),
        ({"quantity": 0}, "non_positive_quantity"),
        ({"quantity": -3}, "non_positive_quantity"),
        ({"price": ""}, "invalid_price"),
        ({"price": "inf"}, "invalid_price"),
        ({"price": 0}, "non_positive_price"),
        ({"price": -11062.06}, "non_positive_price"),
        ({"item": "POST"}, "non_product"),
        ({"item": "m"}, "non_product"),
        ({"item": "BANK CHARGES"}, "non_product"),
        ({"item": "ADJUST2"}, "non_product"),
        ({"item": "TEST002"}, "non_product"),
        ({"item": "gift_0001_20"}, "non_product"),
        # More than one reason: the order of RejectReason decides.
        ({"customer": "", "item": "", "quantity": -1}, "missing_customer"),
        ({"invoice": "C1", "quantity": -1}, "cancellation"),
        ({"item": "POST", "price": 0}, "non_positive_price"),
    ],
)
def test_a_row_is_rejected_for_one_reason(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    done = prepare(csv_file(tmp_path, [*KEPT, purchase(**changes)]))
    assert [(row["reason"], row["row"]) for row in done.rejected()] == [(reason, 5)]
    assert {name: rows for name, rows in done.report.rejected.items() if rows} == {reason: 1}
    assert done.report.rows_kept == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"item": "DCGS0058"},  # sold through another shop: a product
        {"item": "POSTCARD"},
        {"item": "M1"},
        {"invoice": "A563185"},
        {"invoice": ""},
        {"description": "", "country": ""},
        {"quantity": "1.5"},
        {"quantity": 80995},
        {"customer": "unknown"},
    ],
)
def test_odd_but_good_rows_are_kept(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert prepare(csv_file(tmp_path, [*KEPT, purchase(**changes)])).report.rows_kept == 4


def test_the_first_of_equal_rows_is_kept_however_its_cells_are_spelled(tmp_path: Path) -> None:
    same = purchase(
        customer="17850.0", quantity="6.0", price="2.550", date="2010-12-01T08:26", description=" X "
    )
    rows = [*KEPT, purchase(description="X"), same, purchase(description="x"), same]
    done = prepare(csv_file(tmp_path, rows))
    assert [(row["reason"], row["row"]) for row in done.rejected()] == [("duplicate", 6), ("duplicate", 8)]


def test_the_tutorial_keeps_whatever_has_a_customer(tmp_path: Path) -> None:
    odd = [
        purchase(invoice="C536379", quantity=-1),
        purchase(price=0),
        purchase(item="POST"),
        purchase(quantity="a few"),
        *KEPT[:1],
    ]
    done = prepare(csv_file(tmp_path, [*KEPT, *odd, purchase(customer=None)]), profile="tutorial")
    assert [row["reason"] for row in done.rejected()] == ["missing_customer"]
    assert done.report.rows_kept == done.report.interactions == 8
    assert done.report.facts.unreadable_quantities == 1


def test_rejected_rows_are_kept_as_they_were_read(tmp_path: Path) -> None:
    rows = [*KEPT, purchase(customer="", price="12,50", item=" 00123.0 ", quantity="a few")]
    (row,) = prepare(csv_file(tmp_path, rows)).rejected()
    assert row == {
        "Invoice": "536365",
        "StockCode": " 00123.0 ",
        "Description": "WHITE HANGING HEART",
        "Quantity": "a few",
        "InvoiceDate": "2010-12-01 08:26:00",
        "Price": "12,50",
        "Customer ID": None,
        "Country": "United Kingdom",
        "reason": "missing_customer",
        "sheet": None,
        "row": 5,
        "line": None,
    }


def test_a_file_without_rejected_rows_leaves_an_empty_table_of_them(tmp_path: Path) -> None:
    done = prepare(csv_file(tmp_path, KEPT))
    assert done.rejected() == []
    assert (done.folder / names.REJECTED_PARQUET).exists()
    assert set(done.report.rejected) == set(RejectReason)


def test_the_tutorial_knows_a_part_of_what_retail_rejects() -> None:
    assert PROFILES["tutorial"] < PROFILES["retail"] == set(RejectReason)
