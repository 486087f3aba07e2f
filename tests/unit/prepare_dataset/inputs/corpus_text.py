"""csv files as they come."""

import gzip
from pathlib import Path

from tests.unit.prepare_dataset.inputs.corpus import Kept, Refused, case, written
from tests.unit.prepare_dataset.inputs.shop_files import HEADER, csv_text, days, purchase

TITLE = "Sales of the year\n\n"


@case(Refused("empty"))
def zero_bytes(folder: Path) -> Path:
    return written(folder, b"")


@case(Refused("empty"))
def blank_lines_only(folder: Path) -> Path:
    return written(folder, "\n \r\n\t\n")


@case(Refused("is not supported"))
def a_png_named_xlsx(folder: Path) -> Path:
    return written(folder, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(400)).rename(folder / "shop.xlsx")


@case(Refused("The file is empty"))
def a_mark_of_utf_8_and_nothing_else(folder: Path) -> Path:
    return written(folder, b"\xef\xbb\xbf")


@case(Refused("opened before or in the header and never closed"))
def a_quotation_mark_left_open_in_the_header(folder: Path) -> Path:
    return written(folder, '"' + csv_text(days(3)))


@case(Refused("web page"))
def a_web_page_named_xls(folder: Path) -> Path:
    return written(folder, "<html><table><tr><td>Invoice</td></tr></table></html>")


@case(Refused("JSON"))
def json_records(folder: Path) -> Path:
    return written(folder, '[{"Invoice": "1"}]')


@case(Refused("No column is recognised"))
def rows_without_a_header(folder: Path) -> Path:
    return written(folder, csv_text(days(3)[1:], header=days(3)[0]))


@case(Refused("header but no rows"))
def a_header_alone(folder: Path) -> Path:
    return written(folder, csv_text([]))


@case(Refused("Two columns mean Price", column="Price"))
def duplicate_column_names(folder: Path) -> Path:
    return written(folder, csv_text([[*row, 1] for row in days(3)], header=[*HEADER, "UnitPrice"]))


@case(Kept(3))
def duplicate_names_of_columns_that_are_not_read(folder: Path) -> Path:
    return written(folder, csv_text([[*row, 1, 2] for row in days(3)], header=[*HEADER, "Tag", "Tag"]))


@case(Kept(3))
def a_thousand_columns(folder: Path) -> Path:
    more = [f"column {number}" for number in range(992)]
    return written(folder, csv_text([[*row, *more] for row in days(3)], header=[*HEADER, *more]))


@case(Kept(3))
def a_header_line_of_a_hundred_kilobytes(folder: Path) -> Path:
    more = [f"{number:060}" for number in range(1_700)]
    return written(folder, csv_text([[*more, *row] for row in days(3)], header=[*more, *HEADER]))


@case(Kept(3))
def a_header_on_row_3(folder: Path) -> Path:
    return written(folder, TITLE + csv_text(days(3)))


@case(Kept(3))
def the_separator_named_in_the_first_line(folder: Path) -> Path:
    return written(folder, "sep=;\n" + csv_text(days(3), delimiter=";"))


@case(Kept(3))
def line_ends_of_windows(folder: Path) -> Path:
    return written(folder, csv_text(days(3)).replace("\n", "\r\n"))


@case(Kept(3))
def line_ends_of_old_macs(folder: Path) -> Path:
    return written(folder, csv_text(days(3)).replace("\n", "\r"))


@case(Kept(3))
def no_line_end_at_the_end(folder: Path) -> Path:
    return written(folder, csv_text(days(3)).rstrip("\n"))


@case(Kept(3))
def quoted_newlines(folder: Path) -> Path:
    return written(folder, csv_text(days(3, description="TWO\nLINES")))


@case(Refused("never closed", row=3))
def a_quotation_mark_left_open(folder: Path) -> Path:
    return written(folder, csv_text(days(9)).replace("WHITE", '"WHITE', 2).replace('"WHITE', "WHITE", 1))


@case(Refused("No line has 8 cells", row=2))
def a_separator_at_the_end_of_every_row_but_the_header(folder: Path) -> Path:
    return written(folder, csv_text([[*row, ""] for row in days(3)]))


@case(Kept(3, {"malformed_row": 2}))
def rows_of_other_lengths(folder: Path) -> Path:
    return written(folder, csv_text([*days(3), ["x"], [*purchase(), "y"]]))


@case(Kept(3, {"invalid_id": 1}))
def nul_bytes_in_an_id(folder: Path) -> Path:
    return written(folder, csv_text([*days(3, description="x" * 5_000), purchase(item="85\x00123")]))


@case(Kept(4))
def nul_bytes_in_a_description(folder: Path) -> Path:
    return written(
        folder, csv_text([*days(3, description="x" * 5_000), purchase(item="9", description="A\x00B")])
    )


@case(Refused("is not supported"))
def nul_bytes_from_the_start(folder: Path) -> Path:
    return written(folder, csv_text(days(3)).replace("85123A", "85123A\0"))


@case(Kept(4))
def mixed_encodings(folder: Path) -> Path:
    latin = csv_text([purchase(description="CAFÉ")]).split("\n", 1)[1].encode("latin-1")
    return written(folder, csv_text(days(3, description="THÉ")).encode() + latin)


@case(Kept(3))
def utf_16_with_a_mark(folder: Path) -> Path:
    return written(folder, csv_text(days(3, description="CAFÉ ☕"), delimiter="\t").encode("utf-16"))


@case(Kept(3))
def utf_16_big_endian(folder: Path) -> Path:
    return written(folder, ("\ufeff" + csv_text(days(3))).encode("utf-16-be"))


@case(Kept(3, sees={"user_id": "Müller"}))
def utf_16_without_a_mark(folder: Path) -> Path:
    return written(folder, csv_text(days(3, customer="Müller", description="品")).encode("utf-16-le"))


@case(Kept(3))
def utf_16_big_endian_without_a_mark_packed(folder: Path) -> Path:
    return written(folder, gzip.compress(csv_text(days(3), delimiter="\t").encode("utf-16-be")))


@case(Refused("No column is recognised"))
def utf_32(folder: Path) -> Path:
    return written(folder, csv_text(days(3)).encode("utf-32"))


@case(Kept(3, {"cancellation": 1}))
def a_mark_of_utf_8_and_a_byte_that_is_none(folder: Path) -> Path:
    rows = [*days(3, description="CAFÉ"), purchase(invoice="C1")]
    return written(folder, b"\xef\xbb\xbf" + csv_text(rows).encode("latin-1"))


@case(Kept(3))
def a_first_header_that_begins_as_zip_archives_do(folder: Path) -> Path:
    return written(folder, csv_text([[1, *row] for row in days(3)], header=["PK", *HEADER]))


@case(Kept(3, {"malformed_row": 1}))
def the_end_as_dos_marks_it(folder: Path) -> Path:
    return written(folder, csv_text(days(3)) + "\x1a")


@case(Kept(3))
def lines_of_nothing_but_spaces(folder: Path) -> Path:
    return written(folder, csv_text(days(3)) + " ,,\u00a0,,,,,\n" * 2)


@case(Kept(4))
def an_inch_mark_and_a_cell_of_two_lines(folder: Path) -> Path:
    inch = '536366,85123A,12" RULER,6,2011-01-09,2.55,17850,UK\n'
    return written(folder, csv_text(days(3, description="TWO\nLINES")) + inch)


@case(Kept(3, {"missing_customer": 2}))
def ids_that_databases_write_for_none(folder: Path) -> Path:
    return written(folder, csv_text([*days(3), purchase(customer="\\N"), purchase(customer="(NULL)")]))


@case(Kept(3, sees={"user_id": "17850"}))
def ids_as_floats_between_spaces_that_do_not_break(folder: Path) -> Path:
    return written(folder, csv_text(days(3, customer="\u00a017850.0\u202f")))


@case(Refused("the month first: “13/12/2010” and “12/14/2010”", row=2, column="InvoiceDate"))
def dates_of_both_orders(folder: Path) -> Path:
    dates = ("05/06/2010", "13/12/2010", "12/14/2010")
    return written(folder, csv_text([purchase(date=date) for date in dates]))


@case(Kept(3))
def dates_with_an_offset_of_hours(folder: Path) -> Path:
    dates = [f"2011-01-0{day} 08:26:00+00" for day in (1, 2, 3)]
    return written(folder, csv_text([purchase(date=date) for date in dates]))


@case(Refused("The file is JSON"))
def packed_json_lines(folder: Path) -> Path:
    return written(folder, gzip.compress(b'{"Invoice": 1}\n{"Invoice": 2}\n'))


@case(Refused("cannot be read|text encoding"))
def utf_16_with_half_a_character_at_the_end(folder: Path) -> Path:
    return written(folder, csv_text(days(3)).encode("utf-16")[:-1])


@case(Kept(3))
def emoji_and_unicode(folder: Path) -> Path:
    return written(folder, csv_text(days(3, description="🎄 TREE 🎁", item="品-42", customer="Ωmega 7")))


@case(Kept(3, sees={"item_id": "85 123 A", "user_id": "A B"}))
def ids_with_spaces(folder: Path) -> Path:
    return written(folder, csv_text(days(3, item=" 85 123 A ", customer="A B")))


@case(Kept(3, sees={"item_id": "1e5", "user_id": "00123"}))
def ids_that_look_like_numbers(folder: Path) -> Path:
    return written(folder, csv_text(days(3, item="1e5", customer="00123.0")))


@case(Kept(3, {"invalid_id": 2}))
def ids_beyond_all_measure(folder: Path) -> Path:
    long = "7" * 257
    return written(folder, csv_text([*days(3), purchase(customer=long), purchase(invoice=long)]))


@case(Kept(3, sees={"item_id": "=1+1", "user_id": "@SUM(A1)"}))
def csv_injection(folder: Path) -> Path:
    text = "=cmd|' /C calc'!A0"
    return written(folder, csv_text(days(3, description=text, item="=1+1", customer="@SUM(A1)")))


@case(Kept(3))
def a_description_of_a_megabyte(folder: Path) -> Path:
    return written(folder, csv_text(days(3, description="LONG " * 200_000)))


@case(Refused("more than 8 MB"))
def a_line_of_twenty_megabytes(folder: Path) -> Path:
    return written(folder, csv_text([*days(3), purchase(description="LONG " * 4_000_000)]))


@case(Kept(3, {"invalid_quantity": 3, "non_positive_quantity": 2}))
def negative_and_huge_quantities(folder: Path) -> Path:
    odd = ["1e300", "99999999999999999999", "1e999", "-80995", "-0"]
    return written(folder, csv_text([*days(3), *[purchase(quantity=one) for one in odd]]))


@case(Kept(4, {"invalid_price": 5}))
def nan_and_infinite_prices(folder: Path) -> Path:
    odd = ["NaN", "inf", "-Infinity", "£5", "1e12", "1e-3"]
    return written(folder, csv_text([*days(3), *[purchase(price=one) for one in odd]]))


@case(Kept(3, {"invalid_quantity": 1}, sees={"quantity": "1000"}))
def numbers_with_points_for_thousands_and_decimal_commas(folder: Path) -> Path:
    rows = [*days(3, quantity="1.000", price="1.234,56"), purchase(quantity="1,2,3", price="2,55")]
    return written(folder, csv_text(rows, delimiter=";"))


@case(Kept(3, sees={"quantity": "1234"}))
def numbers_with_commas_for_thousands(folder: Path) -> Path:
    return written(folder, csv_text(days(3, quantity="1,234", price="1,234.50")))


@case(Kept(3, sees={"quantity": "1234"}))
def numbers_with_spaces_for_thousands(folder: Path) -> Path:
    return written(folder, csv_text(days(3, quantity="1\u202f234", price="2,5"), delimiter=";"))


@case(Kept(3, {"invalid_quantity": 1}))
def a_comma_that_nothing_explains(folder: Path) -> Path:
    return written(folder, csv_text([*days(3, price="3"), purchase(quantity="1,234", price="3")]))


@case(Kept(3, {"invalid_price": 1}))
def decimal_points_and_commas_in_one_file(folder: Path) -> Path:
    return written(folder, csv_text([*days(3), purchase(price="2,55")]))


@case(Refused("Nothing in the column Price can be read", row=2, column="Price"))
def prices_with_a_currency(folder: Path) -> Path:
    return written(folder, csv_text(days(3, price="2.55 GBP")))


@case(Kept(3))
def dates_as_text_day_first(folder: Path) -> Path:
    dates = ["13/01/2011 8:26", "01/02/2011 8:26", "02/02/2011 8:26"]
    return written(folder, csv_text([purchase(date=date) for date in dates]))


@case(Refused("can be read with the day first or the month first", row=2, column="InvoiceDate"))
def dates_that_may_be_read_two_ways(folder: Path) -> Path:
    return written(folder, csv_text([purchase(date=date) for date in ("01/02/2011", "03/04/2011")]))


@case(Kept(3))
def dates_as_serial_numbers(folder: Path) -> Path:
    return written(folder, csv_text([purchase(date=date) for date in ("40513.35", "40514", "40515.5")]))


@case(Kept(3, {"invalid_date": 5}))
def dates_in_1900_and_2262(folder: Path) -> Path:
    odd = ["1900-01-01", "2262-04-12", "9999-12-31", "0001-01-01", "2011-02-30"]
    return written(folder, csv_text([*days(3), *[purchase(date=one) for one in odd]]))


@case(Refused("Nothing in the column InvoiceDate can be read", row=2, column="InvoiceDate"))
def dates_in_words(folder: Path) -> Path:
    return written(folder, csv_text(days(3)).replace("2011-01-0", "January "))


@case(Refused("No row is left after cleaning: 2 have no customer, 1 are cancellations"))
def no_rows_after_cleaning(folder: Path) -> Path:
    return written(
        folder, csv_text([purchase(customer=""), purchase(customer="null"), purchase(invoice="C1")])
    )


@case(Kept(3))
def one_customer_only(folder: Path) -> Path:
    return written(folder, csv_text(days(3)))


@case(Refused("same time"))
def one_row_only(folder: Path) -> Path:
    return written(folder, csv_text([purchase()]))


@case(Kept(1 + 1, {"duplicate": 3}))
def the_same_row_again_and_again(folder: Path) -> Path:
    return written(folder, csv_text([purchase(), *[purchase()] * 3, days(1)[0]]))


@case(Kept(3))
def a_gzip_of_two_parts(folder: Path) -> Path:
    head, tail = csv_text(days(3)).encode()[:90], csv_text(days(3)).encode()[90:]
    return written(folder, gzip.compress(head) + gzip.compress(tail))


@case(Refused("cut off or damaged"))
def a_gzip_with_rubbish_behind_it(folder: Path) -> Path:
    return written(folder, gzip.compress(csv_text(days(3)).encode()) + b"rubbish")


@case(Refused("does not contain a csv"))
def a_gzip_of_a_gzip(folder: Path) -> Path:
    return written(folder, gzip.compress(gzip.compress(csv_text(days(3)).encode())))
