"""Workbooks are read by processes of their own; whatever happens to the second, the result is the same."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prepare_dataset.files import limits
from prepare_dataset.read.workbook import sheets as workbook_sheets
from prepare_dataset.read.workbook.process import SheetProcess
from prepare_dataset.read.workbook.reader import read_workbook
from prepare_dataset.read.workbook.sheets import read_sheets
from retailrec_shared.core.errors import Rejected
from tests.unit.prepare_dataset.inputs.shop_files import days, purchase, xlsx_file

pytestmark = pytest.mark.slow

SHEETS = ["one", "two", "three", "four"]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    shops = {name: days(25, customer=place, description=name) for place, name in enumerate(SHEETS, start=1)}
    return xlsx_file(tmp_path, {**shops, "empty": []})


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a second process worth it for any workbook, on any machine."""
    monkeypatch.setattr(workbook_sheets, "MIN_SPLIT_BYTES", 0)
    monkeypatch.setattr(workbook_sheets, "_processors", lambda: 2)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[SheetProcess]:
    """Fill a list with the processes that are started."""
    found: list[SheetProcess] = []

    class Noted(SheetProcess):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            found.append(self)

    monkeypatch.setattr(workbook_sheets, "SheetProcess", Noted)
    return found


def let_pass(path: Path) -> None:
    """Guard nothing."""


def content(path: Path) -> dict[str, Any]:
    table = read_workbook(path, lambda _: None)
    columns = {
        str(name): [column.values[code].as_py() if code >= 0 else None for code in column.codes.tolist()]
        for name, column in table.columns.items()
    }
    places = [table.location(row) for row in range(len(table))]
    return {"columns": columns, "sheets": table.sheets, "places": places}


def read_alone(path: Path) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook_sheets, "_processors", lambda: 1)
        return content(path)


def test_two_processes_read_what_one_reads(workbook: Path, always: None) -> None:
    together = content(workbook)
    assert together == read_alone(workbook)
    assert together["sheets"] == [*SHEETS, "empty"]
    assert len(together["places"]) == 100


def test_every_other_sheet_is_the_seconds(
    workbook: Path, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: dict[SheetProcess, list[int]] = {}
    request = SheetProcess.request

    def note(process: SheetProcess, place: int) -> None:
        requested.setdefault(process, []).append(place)
        request(process, place)

    monkeypatch.setattr(SheetProcess, "request", note)
    content(workbook)
    assert sorted(requested.values()) == [[0, 2, 4], [1, 3]]


def test_small_workbooks_and_single_processors_start_one(
    workbook: Path, monkeypatch: pytest.MonkeyPatch, started: list[SheetProcess]
) -> None:
    content(workbook)
    assert len(started) == 1
    monkeypatch.setattr(workbook_sheets, "MIN_SPLIT_BYTES", 0)
    monkeypatch.setattr(workbook_sheets, "_processors", lambda: 1)
    content(workbook)
    assert len(started) == 2


def test_a_single_sheet_starts_one(tmp_path: Path, always: None, started: list[SheetProcess]) -> None:
    content(xlsx_file(tmp_path, {"one": days(3)}))
    assert len(started) == 1


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_a_killed_second_is_done_without(
    workbook: Path, always: None, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    alone = read_alone(workbook)

    started: list[SheetProcess] = []

    class Mortal(SheetProcess):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            started.append(self)
            if len(started) == 2:
                self.process.send_signal(signal.SIGSTOP)
                threading.Timer(seconds, self.process.kill).start()

    monkeypatch.setattr(workbook_sheets, "SheetProcess", Mortal)
    assert content(workbook) == alone


def test_a_first_process_that_dies_next_to_the_second_begins_again_alone(
    workbook: Path, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read_alone(workbook)
    given: list[int] = []

    class Starved(SheetProcess):
        def __init__(self, path: Path, folder: Path, memory: int) -> None:
            super().__init__(path, folder, memory)
            given.append(memory)
            if len(given) == 1:
                self.process.kill()

    monkeypatch.setattr(workbook_sheets, "SheetProcess", Starved)
    assert content(workbook) == alone
    assert given == [limits.SHARED_WORKBOOK_BYTES, limits.WORKBOOK_MEMORY_BYTES]


def test_a_system_that_starts_no_second_process_is_done_without(
    workbook: Path, always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read_alone(workbook)
    start = subprocess.Popen
    left = [1]

    def start_one(*arguments: Any, **options: Any) -> Any:
        if not left:
            raise OSError("no process can be started")
        left.pop()
        return start(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", start_one)
    assert content(workbook) == alone


def test_too_much_time_is_refused_and_no_process_stays(
    workbook: Path, always: None, started: list[SheetProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms: list[tuple[float, Callable[[], None]]] = []

    class Alarm(threading.Timer):
        """Goes off when the test says that the time is over: until then a busy machine may take its own."""

        def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
            alarms.append((seconds, ring))
            super().__init__(3600, ring)

    monkeypatch.setattr(threading, "Timer", Alarm)
    sheets = read_sheets(workbook, 5.0, let_pass)
    next(sheets)
    for process in started:
        process.process.send_signal(signal.SIGSTOP)  # as if it walked in circles
    ((seconds, ring),) = alarms
    assert seconds == 5.0
    ring()
    with pytest.raises(Rejected, match="too much memory or time to read"):
        list(sheets)
    assert all(process.process.poll() is not None for process in started)


def test_the_time_there_is_ends_by_itself(
    workbook: Path, always: None, started: list[SheetProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = subprocess.Popen

    def start_stopped(*arguments: Any, **options: Any) -> Any:
        process = start(*arguments, **options)
        process.send_signal(signal.SIGSTOP)
        return process

    monkeypatch.setattr(subprocess, "Popen", start_stopped)
    with pytest.raises(Rejected, match="too much memory or time to read"):
        list(read_sheets(workbook, 0.5, let_pass))
    assert all(process.process.poll() is not None for process in started)


def test_nothing_is_handed_out_before_the_guard_has_ended(workbook: Path, always: None) -> None:
    ended: list[float] = []

    def guard(path: Path) -> None:
        time.sleep(1.0)
        ended.append(time.monotonic())

    next(read_sheets(workbook, 3600, guard))
    assert ended


def test_what_the_guard_finds_ends_the_reading(
    workbook: Path, always: None, started: list[SheetProcess]
) -> None:
    def guard(path: Path) -> None:
        while len(started) < 2:
            time.sleep(0.01)
        for process in started:
            process.process.send_signal(signal.SIGSTOP)  # as if it walked in circles
        raise Rejected("a bomb")

    with pytest.raises(Rejected, match="a bomb"):
        list(read_sheets(workbook, 3600, guard))
    assert all(process.process.poll() is not None for process in started)


def test_the_refusal_of_the_guard_replaces_that_of_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "shop.xlsx"
    path.write_bytes(b"PK, and nothing else")

    def guard(path: Path) -> None:
        time.sleep(1.0)
        raise Rejected("a bomb")

    with pytest.raises(Rejected, match="a bomb"):
        list(read_sheets(path, 3600, guard))
    with pytest.raises(Rejected, match="damaged"):
        list(read_sheets(path, 3600, let_pass))


def test_the_folder_of_sheets_is_gone_afterwards(workbook: Path, tmp_path: Path, always: None) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    inside = workbook.rename(folder / "shop.xlsx")
    content(inside)
    assert list(folder.iterdir()) == [inside]


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


def test_texts_survive_the_way_between_processes(tmp_path: Path) -> None:
    texts = ["é", None, "a\nb", "emoji 🎁"] * 10
    rows = [purchase(description=text or "") for text in texts]
    _, (name, sheet) = read_sheets(xlsx_file(tmp_path, {"first": days(1), "second": rows}), 3600, let_pass)
    assert name == "second"
    columns = [
        [*head.to_pylist(), *rest.to_pylist()]
        for head, rest in zip(sheet.head.columns, sheet.rest.columns, strict=True)
    ]
    assert ["Description", *texts] in columns
