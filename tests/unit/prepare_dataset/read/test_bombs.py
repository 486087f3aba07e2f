"""Files that are far larger than they look end with a sentence, within the memory of the function."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.unit.prepare_dataset.inputs import defuse
from tests.unit.prepare_dataset.inputs.bombs import BOMBS

PEAK_MB = 1_500
LOWERED_PEAK_MB = 400
SMALL_MB = 40
DIVISOR = 20
# Read up to the true limits by `make test-slow`: those that take most memory.
LARGE = {
    "a_csv_of_endless_malformed_rows",
    "a_csv_of_long_malformed_rows",
    "a_parquet_file_that_repeats_a_text_of_ten_megabytes",
}
UNLIMITED = {"a_parquet_file_that_repeats_a_text_of_ten_megabytes"}  # it is read whole

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")


class Defuser:
    """The process whose forks prepare the files."""

    def __init__(self, divisor: int) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", defuse.__name__, str(divisor)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self._pipes: list[IO[str]] = [pipe for pipe in (self._process.stdin, self._process.stdout) if pipe]

    def prepare(self, source: Path) -> Any:
        asked, answered = self._pipes
        print(source, file=asked, flush=True)
        return json.loads(answered.readline())

    def end(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        self._process.wait()


def defuser(divisor: int) -> Iterator[Defuser]:
    made = Defuser(divisor)
    yield made
    made.end()


@pytest.fixture(scope="module")
def lowered() -> Iterator[Defuser]:
    yield from defuser(DIVISOR)


@pytest.fixture(scope="module")
def true() -> Iterator[Defuser]:
    yield from defuser(1)


def check(name: str, folder: Path, defuser: Defuser, divisor: int) -> None:
    build, words = BOMBS[name]
    source = build(folder)
    assert source.stat().st_blocks * 512 < SMALL_MB << 20 or "million_files" in name
    found = defuser.prepare(source)
    assert found["status"] == 0
    assert re.search(lowered_in(words, divisor), found["outcome"])
    assert found["peak_mb"] < (PEAK_MB if divisor == 1 else LOWERED_PEAK_MB)
    assert {path.name for path in folder.iterdir()} <= {source.name, "run"}, "nothing unpacked is left"


def lowered_in(words: str, divisor: int) -> str:
    """Say what a refusal says when its limit is lowered."""
    unpacked = re.fullmatch("unpacks to more than the ([0-9,]+) MB", words)
    if unpacked:
        return f"unpacks to more than the {int(unpacked[1].replace(',', '')) // divisor:,} MB"
    return words if divisor == 1 else words.replace("1,000,001 lines", f"{defuse.LOWERED_ROWS + 1:,} lines")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BOMBS if name not in UNLIMITED])
def test_a_bomb_is_refused_at_lowered_limits(tmp_path: Path, name: str, lowered: Defuser) -> None:
    check(name, tmp_path, lowered, DIVISOR)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LARGE else pytest.mark.soak) for name in BOMBS],
)
def test_a_bomb_is_refused_in_bounded_memory(tmp_path: Path, name: str, true: Defuser) -> None:
    check(name, tmp_path, true, 1)
