import pytest

from prepare_dataset.table.columns import Column, find_header, mapped_headers, match_header
from retailrec_shared.core.column_mapping import ColumnMapping
from retailrec_shared.core.errors import Rejected

FULL = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]


@pytest.mark.parametrize(
    "spelling",
    ["Customer ID", "CustomerID", "customer_id", "CUSTOMER id", " customerId ", "\ufeffCustomer ID"],
)
def test_case_spaces_and_underscores_do_not_matter(spelling: str) -> None:
    assert match_header(["x", spelling]) == {Column.CUSTOMER_ID: 1}


def test_the_other_published_headers_are_known() -> None:
    assert match_header(["InvoiceNo", "UnitPrice", "Price of last year"]) == {
        Column.INVOICE: 0,
        Column.PRICE: 1,
    }


def test_two_columns_of_one_meaning_are_refused_by_their_names() -> None:
    with pytest.raises(Rejected, match="“Price” and “unit_price”"):
        match_header(["Price", "unit_price"])


def test_the_header_may_stand_below_a_title() -> None:
    header = find_header([["Sales 2011", None], [None, None], ["note", *FULL]])
    assert header.row == 2
    assert header.positions[Column.INVOICE] == 1


def test_missing_columns_are_named_with_those_found() -> None:
    with pytest.raises(Rejected) as refusal:
        find_header([["Invoice", "StockCode", "Quantity"]], sheet="2011")
    assert refusal.value.sheet == "2011"
    assert "Customer ID and InvoiceDate are missing" in refusal.value.reason
    assert "found were: Invoice, StockCode, Quantity" in refusal.value.reason


def test_a_file_of_something_else_is_refused_by_what_it_begins_with() -> None:
    with pytest.raises(Rejected, match="begins with: name, age"):
        find_header([["name", "age"], ["Ada", "36"]])


def test_a_mapping_finds_foreign_columns_and_leaves_the_others_to_their_usual_names() -> None:
    headers = mapped_headers(ColumnMapping(customer_id="household_id", item_id="Customer ID"))
    cells = ["HOUSEHOLD ID", "customer_id", "StockCode", "InvoiceDate", "Price"]
    assert find_header([cells], headers=headers).positions == {
        Column.CUSTOMER_ID: 0,
        Column.STOCK_CODE: 1,
        Column.INVOICE_DATE: 3,
        Column.PRICE: 4,
    }


def test_a_mapped_column_that_is_not_there_is_named_even_if_it_is_none_of_the_required() -> None:
    headers = mapped_headers(ColumnMapping(price="eur"))
    with pytest.raises(
        Rejected, match=r"Price is called “eur”, but there is no.*the file has Invoice, Stock"
    ):
        find_header([FULL], headers=headers)
