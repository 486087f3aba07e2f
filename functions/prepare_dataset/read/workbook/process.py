"""A second process that reads the sheets of a workbook, within bounds.

The reader believes what a workbook says of itself: a few bytes make it ask for all memory there is, which
ends its process, or walk in circles. So it never runs in this process, and the one it runs in may take no
more memory and time than a sound workbook needs. Lambda has no shared memory for the locks of
`multiprocessing`, so sheets come back as files, and a line on a pipe tells that one is there.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from prepare_dataset.read.workbook.sheet import Sheet
from prepare_dataset.table.columns import HEADER_ROWS_SEARCHED

_PROGRAM = Path(__file__).with_name("program.py")
_DAMAGED = 1  # as the program says it


class SheetProcess:
    """The process, as who started it sees it; it may die at any time, and then answers ``None``."""

    def __init__(self, workbook: Path, folder: Path, memory: int) -> None:
        self.process = subprocess.Popen(
            # -S: where packages are is told by PYTHONPATH, and what else stands there takes time.
            [sys.executable, "-PS", str(_PROGRAM), workbook, folder, str(memory), str(HEADER_ROWS_SEARCHED)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=_environment(),
        )
        self._folder = folder
        self._names: list[str] | None = None

    def names(self) -> list[str] | None:
        """Wait for the names of the workbook's sheets, which it tells first and unasked."""
        if self._names is None and (line := self._line()):
            self._names = json.loads(line)
        return self._names

    def ask(self, place: int) -> None:
        """Ask for a sheet by its place; the answer need not be waited for."""
        with suppress(OSError):  # it has died, and the answer will tell
            print(place, file=self.process.stdin, flush=True)

    def answer(self) -> Sheet | None:
        """Wait for the sheet that was asked for."""
        if self.names() is None or not (line := self._line()):
            return None
        path = self._folder / line.strip()
        sheet = Sheet.saved(path)
        path.unlink()
        return sheet

    def found_damage(self) -> bool:
        """Tell, once it has died, whether it did so by saying that the workbook is damaged."""
        return self.process.wait() == _DAMAGED

    def end(self) -> None:
        """End it, if it has not ended by itself."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # what was asked and never read
                if pipe:
                    pipe.close()

    def _line(self) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        return line if line.endswith("\n") else ""


def _environment() -> dict[str, str]:
    """Arrow's own pools reserve a gigabyte at once, whatever they use: no limit could tell that apart."""
    path = os.pathsep.join(path for path in sys.path if path)
    return {
        **os.environ,
        "PYTHONPATH": path,
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "1",
    }
