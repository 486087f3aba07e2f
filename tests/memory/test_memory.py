"""Publishing and clean-up of large runs within the memory that the template gives their functions."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.environment import ROOT, read_template
from tests.memory.large_run import write_files

LISTED = 10


def memory_of(function: str) -> int:
    """The function's MemorySize, in MB."""
    properties: Any = read_template()["Resources"][function]["Properties"]
    return int(properties["MemorySize"])


def within(action: str, folder: Path, megabytes: int) -> Any:
    """Do it in a process that may not have more memory; return what it counted."""
    path = os.pathsep.join(str(ROOT / each) for each in ("functions", "layers/shared", "."))
    # Each thread of glibc would reserve 64 MB of addresses, which is no memory on Lambda.
    environment = {**os.environ, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2"}
    command = [sys.executable, "-m", "tests.memory.program", action, str(folder), str(megabytes)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])


def published(folder: Path, customers: int) -> Any:
    write_files(folder, customers, LISTED)
    found = within("publish", folder, memory_of("PublishRecommendationsFunction"))
    (event,) = found["published"]
    assert (event["customers"], event["recommendations"]) == (customers, customers * LISTED)
    assert found["written"] > customers
    return found


@pytest.mark.slow
def test_memory_of_publishing_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    small, large = published(tmp_path / "small", 25_000), published(tmp_path / "large", 100_000)
    assert large["peak_mb"] < small["peak_mb"] * 1.15 + 10
    assert large["peak_mb"] < memory_of("PublishRecommendationsFunction") / 4


@pytest.mark.slow
def test_clean_up_continues_and_its_memory_does_not_grow(tmp_path: Path) -> None:
    write_files(tmp_path / "run", 150_000, 0)
    found = within("clean", tmp_path / "run", memory_of("ReconcileRunsFunction"))
    assert 150_000 < found["deleted"] < 200_000, "no pass deletes again what the one before deleted"
    assert found["peak_mb"] < memory_of("ReconcileRunsFunction") / 2


@pytest.mark.soak
def test_ten_million_rows_are_published(tmp_path: Path) -> None:
    assert published(tmp_path / "run", 1_000_000)["peak_mb"] < memory_of("PublishRecommendationsFunction") / 4


@pytest.mark.soak
def test_two_million_keys_are_deleted(tmp_path: Path) -> None:
    write_files(tmp_path / "run", 2_000_000, 0)
    found = within("clean", tmp_path / "run", memory_of("ReconcileRunsFunction"))
    assert 2_000_000 < found["deleted"] < 2_050_000
