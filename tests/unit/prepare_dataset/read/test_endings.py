"""No process that has read a file ends by an abort, whatever came of the file and however soon it ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.prepare_dataset.inputs import endings

RUNS = 500
BUSY_PROCESSES = 8

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the endings are forks")


def end(folder: Path, times: int, *names: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-m", endings.__name__, str(folder), str(times), *names],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.slow
def test_every_ending_is_in_order(tmp_path: Path) -> None:
    assert end(tmp_path, 1) == [str(len(endings.ENDINGS))]


@pytest.fixture
def load() -> Iterator[None]:
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])  # ended by its process id
        for _ in range(BUSY_PROCESSES)
    ]
    yield
    for process in busy:
        process.kill()
        process.wait()


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.usefixtures("load")
def test_no_ending_of_many_on_a_busy_machine_is_an_abort(tmp_path: Path) -> None:
    assert end(tmp_path, RUNS, endings.a_line_is_too_long.__name__) == [str(RUNS)]
    assert end(tmp_path, RUNS // 50) == [str(RUNS // 50 * len(endings.ENDINGS))]
