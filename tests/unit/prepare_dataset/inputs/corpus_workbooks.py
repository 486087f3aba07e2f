"""Workbooks as people keep them."""

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from prepare_dataset.table.columns import Column
from tests.unit.prepare_dataset.inputs.corpus import Kept, Refused, case
from tests.unit.prepare_dataset.inputs.shop_files import HEADER, csv_text, days, purchase, xlsx_file


def changed(folder: Path, change: Callable[[Any], None], rows: int = 3) -> Path:
    path = xlsx_file(folder, {"one": days(rows)})
    workbook = openpyxl.load_workbook(path)
    change(workbook)
    workbook.save(path)
    return path


def rewritten(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@case(Kept(3))
def an_empty_sheet_first(folder: Path) -> Path:
    return changed(folder, lambda workbook: workbook.create_sheet("empty", 0))


@case(Refused("workbook is empty"))
def empty_sheets_only(folder: Path) -> Path:
    path = folder / "shop.xlsx"
    openpyxl.Workbook().save(path)
    return path


@case(Refused("encoded in UTF-16", sheet="one"))
def a_sheet_in_utf_16(folder: Path) -> Path:
    return rewritten(xlsx_file(folder, {"one": days(3)}), "xl/worksheets/sheet1.xml", _in_utf_16)


@case(Refused("encoded in UTF-16"))
def a_workbook_part_in_utf_16(folder: Path) -> Path:
    return rewritten(xlsx_file(folder, {"one": days(3)}), "xl/workbook.xml", _in_utf_16)


@case(Kept(3))
def a_part_in_utf_16_that_is_not_needed(folder: Path) -> Path:
    return rewritten(xlsx_file(folder, {"one": days(3)}), "docProps/app.xml", _in_utf_16)


def _in_utf_16(part: bytes) -> bytes:
    return part.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")


@case(Kept(3))
def a_merged_title_and_the_header_on_row_3(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        sheet = workbook["one"]
        sheet.insert_rows(1, 2)
        sheet["A1"] = "Sales of the year"
        sheet.merge_cells("A1:H2")

    return changed(folder, change)


@case(Kept(3))
def a_header_merged_over_two_rows(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        sheet = workbook["one"]
        sheet.insert_rows(2)
        for column in "ABCDEFGH":
            sheet.merge_cells(f"{column}1:{column}2")

    return changed(folder, change)


@case(Refused("No column is recognised", sheet="one"))
def a_header_on_row_30(folder: Path) -> Path:
    return changed(folder, lambda workbook: workbook["one"].insert_rows(1, 29))


@case(Kept(4))
def two_sheets_of_different_columns(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        sheet = workbook.create_sheet("two")
        sheet.append(["CustomerID", "Stock Code", "Invoice_Date", "UnitPrice", "Till"])
        sheet.append([17850, "71053", datetime(2011, 2, 1), 3.39, 7])

    return changed(folder, change)


@case(Refused("Customer ID is missing", sheet="two"))
def a_second_sheet_without_customers(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        sheet = workbook.create_sheet("two")
        sheet.append(["StockCode", "InvoiceDate", "Price"])
        sheet.append(["71053", datetime(2011, 2, 1), 3.39])

    return changed(folder, change)


@case(Refused("No column is recognised", sheet="two"))
def a_second_sheet_of_foreign_columns(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        workbook.create_sheet("two").append(["article", "shopper", "when"])

    return changed(folder, change)


@case(Kept(3))
def a_sheet_of_notes_next_to_the_data(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        notes = workbook.create_sheet("notes", 0)
        notes.append(["Ask Jane about the returns"])
        notes.append(["Total", 1234])

    return changed(folder, change)


@case(Kept(3))
def a_workbook_named_as_an_old_one(folder: Path) -> Path:
    return xlsx_file(folder, {"one": days(3)}).rename(folder / "shop.xls")


@case(Kept(3))
def parts_named_as_files_of_windows(folder: Path) -> Path:
    path = xlsx_file(folder, {"one": days(3)})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("/", "\\"), content)
    return path


@case(Refused("same name; rename one", sheet="one"))
def two_sheets_of_one_name(folder: Path) -> Path:
    path = xlsx_file(folder, {"one": days(3), "two": days(3, customer=12346)})
    return rewritten(path, "xl/workbook.xml", lambda xml: xml.replace(b'name="two"', b'name="one"'))


@case(Kept(3))
def rows_of_spaces_below_the_data(folder: Path) -> Path:
    return changed(folder, lambda workbook: workbook["one"].append([" "] * len(HEADER)))


@case(Kept(3))
def a_chart_sheet_next_to_the_data(folder: Path) -> Path:
    return changed(folder, lambda workbook: workbook.create_chartsheet("chart"))


@case(Kept(6))
def a_hidden_sheet(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        sheet = workbook.create_sheet("hidden")
        for row in (HEADER, *days(3, customer=12346)):
            sheet.append(row)
        sheet.sheet_state = "hidden"

    return changed(folder, change)


@case(Refused("Two columns mean Customer ID", sheet="one", column="Customer ID"))
def duplicate_columns_in_a_sheet(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        workbook["one"]["I1"] = "customer_id"

    return changed(folder, change)


@case(Kept(2, {"missing_item": 1}))
def formulas_that_nobody_computed(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        workbook["one"]["B2"] = "=B3"

    return changed(folder, change)


@case(Kept(3, sees={"quantity": "12"}))
def formulas_with_their_results(folder: Path) -> Path:
    path = xlsx_file(folder, {"one": days(3, quantity=12)})
    return rewritten(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<v>12</v>", b"<f>6+6</f><v>12</v>")
    )


@case(Kept(2, {"invalid_quantity": 1}))
def formula_errors(folder: Path) -> Path:
    path = xlsx_file(folder, {"one": [*days(2), purchase(quantity=77)]})

    def change(xml: bytes) -> bytes:
        place = xml.index(b"<v>77</v>")
        start = xml.rindex(b"<c ", 0, place)
        cell = b'<c r="D4" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        return xml[:start] + cell + xml[xml.index(b"</c>", place) + 4 :]

    return rewritten(path, "xl/worksheets/sheet1.xml", change)


@case(Kept(3, {"missing_customer": 1}))
def truths_instead_of_numbers(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        workbook["one"].append(purchase(customer=None, quantity=True))

    return changed(folder, change)


@case(Kept(4))
def dates_as_text_among_date_cells(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        workbook["one"].append(purchase(date="2011-02-28 08:26", item="71053"))

    return changed(folder, change)


@case(Kept(3))
def dates_whose_cells_are_plain_numbers(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        for cell in workbook["one"]["E"][1:]:
            cell.number_format = "General"

    return changed(folder, change)


@case(Kept(3, {"invalid_date": 2}))
def dates_in_1900_and_9999(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        workbook["one"].append(purchase(date=datetime(1900, 1, 5)))
        workbook["one"].append(purchase(date=datetime(9999, 12, 31)))

    return changed(folder, change)


@case(Kept(3))
def a_thousand_columns_in_a_sheet(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        for number in range(9, 1_001):
            workbook["one"].cell(1, number, f"column {number}")
            workbook["one"].cell(3, number, number)

    return changed(folder, change)


@case(Refused(r"spans 17,179,869,184 cells.*delete cells far away"))
def one_stray_cell_in_the_last_corner(folder: Path) -> Path:
    def change(workbook: Any) -> None:
        workbook["one"]["XFD1048576"] = "oops"

    return changed(folder, change)


@case(Kept(3))
def a_claimed_dimension_of_everything(folder: Path) -> Path:
    path = xlsx_file(folder, {"one": days(3)})
    return rewritten(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:H4"', b'ref="A1:XFD1048576"')
    )


@case(Refused("damaged", sheet="one"))
def a_sheet_that_is_no_xml(folder: Path) -> Path:
    path = xlsx_file(folder, {"one": days(3)})
    return rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2] + b"<<<&&&>")


@case(Refused("damaged"))
def a_workbook_that_is_none(folder: Path) -> Path:
    path = folder / "shop.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", csv_text(days(3)))
    return path


@case(Refused("No column is recognised|damaged", sheet="one"))
def a_billion_laughs(folder: Path) -> Path:
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (number + 1, b"&l%d;" % number * 10) for number in range(10))

    def change(xml: bytes) -> bytes:
        document = xml.index(b"<worksheet")
        xml = xml[:document] + b'<!DOCTYPE x [<!ENTITY l0 "ha">' + laughs + b"]>" + xml[document:]
        return xml.replace(b"<t>Invoice</t>", b"<t>&l10;</t>").replace(b"<t>StockCode</t>", b"<t>&l10;</t>")

    return rewritten(xlsx_file(folder, {"one": days(3)}), "xl/worksheets/sheet1.xml", change)


FOREIGN = ("household_id", "product_id", "transaction_timestamp", "quantity")


def foreign_workbook(folder: Path, header: tuple[str, ...] = FOREIGN) -> Path:
    rows = [[f"h{day}", "p1", datetime(2011, 1, day), 2] for day in range(1, 4)]
    return xlsx_file(folder, {"one": rows}, header)


MAPPED = {
    Column.CUSTOMER_ID: "Household ID",
    Column.STOCK_CODE: "product_id",
    Column.INVOICE_DATE: "transaction_timestamp",
}


@case(Kept(3, sees={"item_id": "p1"}), MAPPED)
def foreign_headers_with_a_mapping(folder: Path) -> Path:
    return foreign_workbook(folder)


@case(
    Refused("called “Household ID”, but there is no.*the file has shopper, product_id", sheet="one"),
    MAPPED,
)
def a_mapping_that_does_not_fit(folder: Path) -> Path:
    return foreign_workbook(folder, ("shopper", *FOREIGN[1:]))
