"""A second process reads every other sheet; whatever becomes of it, the result is the same."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from prepare_dataset import sheet_helper
from prepare_dataset.reading_xlsx import read_xlsx
from prepare_dataset.sheet_helper import Helper, helper
from prepare_dataset.sheets import Sheet
from retailrec_shared.errors import Rejected
from tests.unit.prepare_dataset.shop_files import days, purchase, xlsx_file

SHEETS = ["one", "two", "three", "four"]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    shops = {name: days(25, customer=place, description=name) for place, name in enumerate(SHEETS, start=1)}
    return xlsx_file(tmp_path, {**shops, "empty": []})


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a helper worth it for any workbook, on any machine."""
    monkeypatch.setattr(sheet_helper, "WORTH_IT", 0)
    monkeypatch.setattr(sheet_helper, "_processors", lambda: 2)


def content(path: Path) -> dict[str, Any]:
    table = read_xlsx(path, lambda _: None)
    columns = {
        str(name): [column.values[code].as_py() if code >= 0 else None for code in column.codes.tolist()]
        for name, column in table.columns.items()
    }
    places = [table.place(row) for row in range(len(table))]
    return {"columns": columns, "sheets": table.sheets, "places": places}


def read_alone(path: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet_helper, "_processors", lambda: 1)
        return content(path)


@contextmanager
def watched(workbook: Path, sheets: list[str]) -> Iterator[Helper]:
    with helper(workbook, sheets) as other:
        assert other
        yield other


def test_two_processes_read_what_one_reads(workbook: Path, always: None) -> None:
    together = content(workbook)
    assert together == read_alone(workbook)
    assert together["sheets"] == [*SHEETS, "empty"]
    assert len(together["places"]) == 100


def test_the_helper_hands_out_every_other_sheet(workbook: Path, always: None) -> None:
    with watched(workbook, [*SHEETS, "empty"]) as other:
        found = {name: other.sheet(name) for name in [*SHEETS, "empty"]}
    assert [name for name, sheet in found.items() if sheet] == ["two", "four"]


def test_small_workbooks_and_single_processors_start_none(
    workbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with helper(workbook, SHEETS) as other:
        assert other is None
    monkeypatch.setattr(sheet_helper, "WORTH_IT", 0)
    monkeypatch.setattr(sheet_helper, "_processors", lambda: 1)
    with helper(workbook, SHEETS) as other:
        assert other is None


def test_a_single_sheet_starts_none(workbook: Path, always: None) -> None:
    with helper(workbook, ["one"]) as other:
        assert other is None


def test_a_killed_helper_is_done_without(
    workbook: Path, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = sheet_helper._start

    def start_and_kill(path: Path, folder: str) -> "subprocess.Popen[str]":
        process = start(path, folder)
        os.kill(process.pid, signal.SIGKILL)
        return process

    alone = read_alone(workbook)
    monkeypatch.setattr(sheet_helper, "_start", start_and_kill)
    assert content(workbook) == alone


def test_a_helper_killed_while_it_is_waited_for_is_done_without(
    workbook: Path, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start_sleeper(path: Path, folder: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE, text=True)
        threading.Timer(0.3, process.kill).start()
        return process

    monkeypatch.setattr(sheet_helper, "_start", start_sleeper)
    begin = time.monotonic()
    assert content(workbook) == read_alone(workbook)
    assert time.monotonic() - begin < 30


def test_a_system_that_starts_no_process_is_done_without(
    workbook: Path, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read_alone(workbook)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert content(workbook) == alone


def test_the_folder_of_sheets_is_gone_afterwards(
    workbook: Path, tmp_path: Path, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    content(workbook)
    assert not list(folder.iterdir())


def test_a_refusal_is_the_same_from_either_process(tmp_path: Path, always: None) -> None:
    path = xlsx_file(tmp_path, {"good": days(30), "bad": [["a", "b", "c", "d"]] * 30})
    header_twice = xlsx_file(tmp_path, {"good": days(3), "bad": days(3)}, header=("StockCode",) * 8)
    for workbook in (path, header_twice):
        refusals = []
        for read in (content, read_alone):
            try:
                read(workbook)
            except Rejected as refusal:
                refusals.append((str(refusal), refusal.sheet))
            else:
                refusals.append(("", None))
        assert refusals[0] == refusals[1]


def test_a_sheet_survives_its_file(workbook: Path, tmp_path: Path, always: None) -> None:
    rows = [purchase(description=text) for text in ("é", "", "a\nb", "emoji 🎁") * 10]
    path = xlsx_file(tmp_path, {"first": days(1), "second": rows})
    with watched(path, ["first", "second"]) as other:
        sheet = other.sheet("second")
    assert sheet
    sheet.save(tmp_path / "again")
    again = Sheet.saved(tmp_path / "again")
    assert (again.head, again.rest) == (sheet.head, sheet.rest)
