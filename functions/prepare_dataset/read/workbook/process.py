"""A child process that reads the sheets of a workbook, with limits of memory and time.

The reader trusts what a workbook states: a few bytes can make it request all memory, which ends its
process, or loop forever. So it never runs in this process, and the child process can use only as much
memory and time as an ordinary workbook needs. Lambda has no shared memory for the locks of
`multiprocessing`, so sheets are returned as files, and a line on a pipe announces each file.
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
_DAMAGED = 1  # the program's exit status


class SheetProcess:
    """The child process; it may die at any time, and its answers are ``None`` then."""

    def __init__(self, workbook: Path, folder: Path, memory: int) -> None:
        self.process = subprocess.Popen(
            # -S: PYTHONPATH says where packages are, and importing site takes time.
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
        """Wait for the names of the workbook's sheets, which the program prints first."""
        if self._names is None and (line := self._line()):
            self._names = json.loads(line)
        return self._names

    def request(self, place: int) -> None:
        """Request a sheet by its position, without waiting for it."""
        with suppress(OSError):  # it has died, and receive() returns None
            print(place, file=self.process.stdin, flush=True)

    def receive(self) -> Sheet | None:
        """Wait for the sheet that was requested."""
        if self.names() is None or not (line := self._line()):
            return None
        path = self._folder / line.strip()
        sheet = Sheet.saved(path)
        path.unlink()
        return sheet

    def found_damage(self) -> bool:
        """Wait for the end of the process; return whether it found the workbook damaged."""
        return self.process.wait() == _DAMAGED

    def end(self) -> None:
        """End the process, if it has not ended by itself."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # requests that were never read
                if pipe:
                    pipe.close()

    def _line(self) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        return line if line.endswith("\n") else ""


def _environment() -> dict[str, str]:
    """Return an environment without Arrow's own pools, which reserve a gigabyte at once, used or not."""
    path = os.pathsep.join(path for path in sys.path if path)
    return {
        **os.environ,
        "PYTHONPATH": path,
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_ARENA_MAX": "1",
    }
