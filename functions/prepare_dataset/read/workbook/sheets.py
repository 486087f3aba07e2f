"""All sheets of a workbook, read by two processes where that helps.

Most of a workbook's time is its parser's, which holds Python's lock: threads gain nothing. The second
process reads every other sheet. It decides nothing: what it cannot read, the first reads once more.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from prepare_dataset.files.limits import MAX_SHEETS, SHARED_WORKBOOK_BYTES, WORKBOOK_MEMORY_BYTES
from prepare_dataset.read.workbook.process import SheetProcess
from prepare_dataset.read.workbook.sheet import Sheet
from retailrec_shared.core.errors import Rejected

DAMAGED = "The workbook is damaged and cannot be read; save it again as xlsx."
UTF16 = "The workbook is written in UTF-16, which cannot be read; open it and save it again as xlsx."
TOO_MUCH = (
    "The workbook is damaged, or takes more memory or time to read than there is; save it again, or save it"
    " as csv or Parquet."
)
# Below this size a second process takes longer to start than it saves.
MIN_SPLIT_BYTES = 6 << 20


# What it returns: whether what the reader takes for damage may be UTF-16.
Guard = Callable[[Path], bool | None]


def read_sheets(path: Path, seconds: float, guard: Guard) -> Iterator[tuple[str, Sheet]]:
    """Yield each sheet with its name; ``Rejected`` when all of them take longer than ``seconds``.

    ``guard`` looks at the workbook meanwhile. Nothing is yielded before it has ended, and what it raises
    ends the reading: it tells better than the reader what to mend.
    """
    with TemporaryDirectory(dir=path.parent) as folder, ThreadPoolExecutor(1) as pool:
        nameless = Path(folder, "workbook")  # or the reader would believe a name such as shop.xls
        nameless.symlink_to(path.resolve())
        reading = _Reading(nameless, Path(folder))
        timer = threading.Timer(seconds, reading.give_up)
        timer.start()
        try:
            verdict = pool.submit(guard, path)
            verdict.add_done_callback(lambda done: reading.give_up() if done.exception() else None)
            yield from _explain_utf16(verdict, reading.sheets(verdict))
        finally:
            timer.cancel()
            reading.end()


def _explain_utf16(
    verdict: Future[bool | None], sheets: Iterator[tuple[str, Sheet]]
) -> Iterator[tuple[str, Sheet]]:
    try:
        yield from sheets
    except Rejected as refusal:
        if verdict.result() and refusal.reason == DAMAGED:
            raise Rejected(UTF16, sheet=refusal.sheet) from None
        raise


class _Reading:
    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._is_over = threading.Event()
        self._ending = ExitStack()
        # Two share what there is; a workbook that is too much for that is read by one alone.
        self._is_shared = path.stat().st_size >= MIN_SPLIT_BYTES and _processors() > 1
        self._second: SheetProcess | None = None
        self._first = self._start(SHARED_WORKBOOK_BYTES if self._is_shared else WORKBOOK_MEMORY_BYTES)

    def sheets(self, verdict: Future[bool | None]) -> Iterator[tuple[str, Sheet]]:
        """Yield the sheets in the workbook's order."""
        names = self._names()
        if names:
            self._first.ask(0)
        if self._is_shared and len(names) > 1:
            self._start_second()
        # A reader holds most at the end of its parsing: as long as the guard takes is head start enough for
        # the first that both moments do not meet.
        verdict.result()
        if self._second:
            self._second.ask(1)
        for place, name in enumerate(names):
            yield name, self._from_second(place, len(names)) or self._from_first(place, names)

    def give_up(self) -> None:
        """End whatever reads, from another thread: who waits for it is told that it died."""
        self._is_over.set()
        for process in (self._first, self._second):
            if process:
                process.process.kill()

    def end(self) -> None:
        """Leave no process behind."""
        self._ending.close()

    def _start(self, memory: int) -> SheetProcess:
        process = SheetProcess(self._path, self._folder, memory)
        self._ending.callback(process.end)
        if self._is_over.is_set():
            process.process.kill()
        return process

    def _start_second(self) -> None:
        # Without memory for it, or a right to: one process does it as well.
        with suppress(OSError):
            self._second = self._start(SHARED_WORKBOOK_BYTES)

    def _names(self) -> list[str]:
        names = self._first.names()
        if names is None and self._start_alone():
            names = self._first.names()
        if names is None:
            raise self._refusal(None)
        if len(names) > MAX_SHEETS:
            raise Rejected(
                f"The workbook has {len(names):,} sheets, but at most {MAX_SHEETS:,} can be prepared;"
                " save those with transactions alone."
            )
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if twice is not None:  # sheets are read by name
            raise Rejected("Two sheets of the workbook have the same name; rename one of them.", sheet=twice)
        return names

    def _from_second(self, place: int, sheets: int) -> Sheet | None:
        if not self._second or place % 2 == 0:
            return None
        sheet = self._second.answer()
        if sheet is None or place + 2 >= sheets:
            self._drop_second()
        else:
            self._second.ask(place + 2)
        return sheet

    def _from_first(self, place: int, names: list[str]) -> Sheet:
        if place:
            self._first.ask(place)
        sheet = self._first.answer()
        if sheet is None and self._start_alone():
            self._first.ask(place)
            sheet = self._first.answer()
        if sheet is None:
            raise self._refusal(names[place])
        if place + (2 if self._second else 1) >= len(names):
            self._first.process.kill()  # it would keep its memory while the second reads on
        return sheet

    def _start_alone(self) -> bool:
        """Let the first process begin again with all memory, if that is what it may have lacked."""
        if not self._is_shared or self._first.found_damage():
            return False
        self._drop_second()
        self._is_shared = False
        self._first = self._start(WORKBOOK_MEMORY_BYTES)
        return True

    def _drop_second(self) -> None:
        if self._second:
            self._second.end()
        self._second = None

    def _refusal(self, name: str | None) -> Rejected:
        return Rejected(DAMAGED if self._first.found_damage() else TOO_MUCH, sheet=name)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
