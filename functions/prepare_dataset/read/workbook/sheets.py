"""Reads all sheets of a workbook, a large one by two processes.

Most of the time is spent in the parser, which holds Python's lock, so that threads gain nothing. The second
process reads every other sheet. The first process reads again any sheet that the second cannot read.
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

DAMAGED = "The workbook is damaged; save it again as xlsx."
UTF16 = "The workbook is encoded in UTF-16, which is not supported; open it and save it again as xlsx."
TOO_MUCH = (
    "The workbook is damaged, or takes too much memory or time to read; save it again, or save it as csv or"
    " Parquet."
)
# Below this size a second process takes longer to start than it saves.
MIN_SPLIT_BYTES = 6 << 20

# Returns whether a workbook that the reader finds damaged may be encoded in UTF-16.
Guard = Callable[[Path], bool | None]


def read_sheets(path: Path, seconds: float, guard: Guard) -> Iterator[tuple[str, Sheet]]:
    """Yield each sheet with its name; ``Rejected`` when all of them take longer than ``seconds``.

    ``guard`` checks the workbook at the same time. Nothing is yielded before it has ended, and its error ends
    the reading, since it says better than the reader's what to correct.
    """
    with TemporaryDirectory(dir=path.parent) as folder, ThreadPoolExecutor(1) as pool:
        nameless = Path(folder, "workbook")  # the reader would trust a name such as shop.xls
        nameless.symlink_to(path.resolve())
        reading = _Reading(nameless, Path(folder))
        timer = threading.Timer(seconds, reading.stop)
        timer.start()
        try:
            verdict = pool.submit(guard, path)
            verdict.add_done_callback(lambda done: reading.stop() if done.exception() else None)
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
        # Two processes share the memory; a workbook that needs more is read by one process.
        self._is_shared = path.stat().st_size >= MIN_SPLIT_BYTES and _processors() > 1
        self._second: SheetProcess | None = None
        self._first = self._start(SHARED_WORKBOOK_BYTES if self._is_shared else WORKBOOK_MEMORY_BYTES)

    def sheets(self, verdict: Future[bool | None]) -> Iterator[tuple[str, Sheet]]:
        """Yield the sheets in the workbook's order."""
        names = self._names()
        if names:
            self._first.request(0)
        if self._is_shared and len(names) > 1:
            self._start_second()
        # A reader needs most memory at the end of its parsing. While the guard runs, the first process gets
        # far enough ahead that both do not reach that point at the same time.
        verdict.result()
        if self._second:
            self._second.request(1)
        for place, name in enumerate(names):
            yield name, self._from_second(place, len(names)) or self._from_first(place, names)

    def stop(self) -> None:
        """End the processes, from another thread; a thread that waits for an answer gets ``None``."""
        self._is_over.set()
        for process in (self._first, self._second):
            if process:
                process.process.kill()

    def end(self) -> None:
        """End all processes."""
        self._ending.close()

    def _start(self, memory: int) -> SheetProcess:
        process = SheetProcess(self._path, self._folder, memory)
        self._ending.callback(process.end)
        if self._is_over.is_set():
            process.process.kill()
        return process

    def _start_second(self) -> None:
        # Without memory or permission for it, one process is enough.
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
                f"The workbook has {len(names):,} sheets, but can have at most {MAX_SHEETS:,};"
                " save a workbook of the sheets with transactions."
            )
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if twice is not None:  # sheets are requested by name
            raise Rejected("Two sheets of the workbook have the same name; rename one of them.", sheet=twice)
        return names

    def _from_second(self, place: int, sheets: int) -> Sheet | None:
        if not self._second or place % 2 == 0:
            return None
        sheet = self._second.receive()
        if sheet is None or place + 2 >= sheets:
            self._drop_second()
        else:
            self._second.request(place + 2)
        return sheet

    def _from_first(self, place: int, names: list[str]) -> Sheet:
        if place:
            self._first.request(place)
        sheet = self._first.receive()
        if sheet is None and self._start_alone():
            self._first.request(place)
            sheet = self._first.receive()
        if sheet is None:
            raise self._refusal(names[place])
        if place + (2 if self._second else 1) >= len(names):
            self._first.process.kill()  # it would keep its memory while the second process reads
        return sheet

    def _start_alone(self) -> bool:
        """Start the first process again with all memory, if a lack of memory may be why it ended."""
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
