"""A second process that reads every other sheet of a workbook, while the first reads the rest.

Most of a workbook's time is its parser's, which holds Python's lock: threads gain nothing. Lambda has no
shared memory for the locks of `multiprocessing`, so sheets come back as files, and a line on a pipe tells
that one is there. The helper decides nothing: of a sheet that it cannot read it says nothing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import fastexcel

from prepare_dataset.sheets import Sheet, load_sheet

# Below this size a process takes longer to start than it saves.
WORTH_IT = 6 << 20
# A reader holds most at the end of its parsing. The helper lets the other get past that first, or both
# moments together take a tenth more memory: so long for each byte of the workbook.
_HEAD_START = 12e-9
_SHEETS_OF_HELPER = slice(1, None, 2)


class Helper:
    """The helper, as who started it sees it: it hands out each sheet once, in the workbook's order."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path, sheets: list[str]) -> None:
        self._process = process
        self._folder = folder
        self._sheets = frozenset(sheets)

    def sheet(self, name: str) -> Sheet | None:
        """Wait for a sheet; None for one that is not the helper's, or that it did not get to read."""
        if name not in self._sheets or not self._process.stdout:
            return None
        line = self._process.stdout.readline()  # empty at once when the process has ended
        if not line.endswith("\n"):
            return None
        path = self._folder / line.strip()
        sheet = Sheet.saved(path)
        path.unlink()
        return sheet


@contextmanager
def helper(workbook: Path, sheets: list[str]) -> Iterator[Helper | None]:
    """Start a helper where one helps: with sheets and processors for two, and work enough."""
    mine = sheets[_SHEETS_OF_HELPER]
    if not mine or _processors() < 2 or workbook.stat().st_size < WORTH_IT:
        yield None
        return
    with TemporaryDirectory() as folder:
        try:
            process = _start(workbook, folder)
        except OSError:  # no memory for it, or no right to: one process does it as well
            yield None
            return
        with process:
            try:
                yield Helper(process, Path(folder), mine)
            finally:
                process.kill()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(workbook: Path, folder: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(workbook), folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


def main(workbook: Path, folder: Path) -> None:
    """Be the helper: leave each sheet as a file in ``folder``, and then print the file's name."""
    time.sleep(workbook.stat().st_size * _HEAD_START)
    reader = fastexcel.read_excel(workbook)
    for place, name in enumerate(reader.sheet_names[_SHEETS_OF_HELPER]):
        load_sheet(reader, name).save(folder / f"{place}.arrow")
        print(f"{place}.arrow", flush=True)  # noqa: T201


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except fastexcel.FastExcelError:
        sys.exit(1)  # the process that started it reads the sheet itself, and tells what is wrong with it
