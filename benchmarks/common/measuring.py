"""Running a program and measuring it: its time, and the memory of it and all its children."""

import itertools
import json
import os
import resource
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.01
_LOOKS_PER_TREE = 5
_PAGE = resource.getpagesize()
_ROOT = Path(__file__).parents[2]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{_ROOT / 'functions'}{os.pathsep}{_ROOT / 'layers/shared'}"}


@dataclass(frozen=True)
class Measurement:
    """One run: ``seconds`` are the whole program's, ``steps_seconds`` leave its start and imports out.

    ``peak_mb`` is the largest sum of what the process and its children held at one time; pages that two of
    them share count once, as they do for a machine's or a Lambda's limit.
    """

    seconds: float
    steps_seconds: float
    peak_mb: float
    rows: int
    train_rows: int
    test_rows: int


def measure(python: Path, program: Path, source: Path, *options: str) -> Measurement:
    """Run ``program SOURCE FOLDER OPTIONS…`` in a fresh process; it prints seconds and counts as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        command = [str(python), str(program), str(source), folder, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT) as process:
            watch = Watch(process.pid)
            printed, _ = process.communicate()
            peak = watch.stop()
        taken = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"{program.name} ended with exit code {process.returncode}")
    return Measurement(seconds=taken, peak_mb=peak, **json.loads(printed))


class Watch:
    """Looks a hundred times a second at the memory of a process and its descendants (Linux: ``/proc``)."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        for look in itertools.count():
            if self._ended.wait(_INTERVAL):
                return
            if look % _LOOKS_PER_TREE == 0:
                tree = _tree(self._root)
            # The proportional size is never larger, and measuring it slows the processes down.
            if sum(map(_resident, tree)) > self._peak:
                self._peak = max(self._peak, _held(tree))

    def stop(self) -> float:
        """Return the peak in MB (10^6 bytes)."""
        self._ended.set()
        self._thread.join()
        return self._peak / 1e6


def _tree(root: int) -> set[int]:
    """Find a process and its descendants."""
    parents = {int(folder.name): _parent(folder) for folder in Path("/proc").glob("[0-9]*")}
    found, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0  # it ended meanwhile


def _held(tree: set[int]) -> int:
    """Return the bytes that processes hold; shared pages are slow to measure, so only of several."""
    return sum(map(_proportional if len(tree) > 1 else _resident, tree))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    """Bytes of a process, a page that n processes share counted as an n-th."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
