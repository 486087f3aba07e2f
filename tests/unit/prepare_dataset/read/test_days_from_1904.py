"""Workbooks whose days count from 1904, as those of old Macs: a date is the same day in every format."""

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from prepare_dataset.clean.dates import to_datetime
from prepare_dataset.clean.normalization import normalize
from prepare_dataset.clean.parsing import parse_table
from prepare_dataset.read.workbook.reader import read_workbook
from tests.unit.prepare_dataset.inputs.shop_files import days, xlsx_file

NOON = datetime(2011, 3, 5, 12)


@pytest.mark.parametrize("number_format", ["General", "yyyy-mm-dd hh:mm"])
def test_a_date_is_its_day_in_a_workbook_of_1904(tmp_path: Path, number_format: str) -> None:
    workbook = openpyxl.load_workbook(xlsx_file(tmp_path, {"one": days(1)}))
    workbook.epoch = CALENDAR_MAC_1904
    sheet = workbook["one"]
    column = [cell.value for cell in sheet[1]].index("InvoiceDate") + 1
    cell = sheet.cell(2, column)
    cell.value = (NOON - CALENDAR_MAC_1904).total_seconds() / 86_400
    cell.number_format = number_format
    path = tmp_path / "mac.xlsx"
    workbook.save(path)
    raw = read_workbook(path, lambda _: None)
    parsed = parse_table(raw)
    assert to_datetime(parsed.seconds.table[parsed.seconds.codes[0]]) == NOON
    kept = normalize(raw, parsed)
    again = parse_table(kept)
    assert to_datetime(again.seconds.table[again.seconds.codes[0]]) == NOON
