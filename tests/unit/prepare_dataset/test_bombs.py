"""Files that are far larger than they look end with a sentence, within the memory of the function."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.prepare_dataset import defuse
from tests.unit.prepare_dataset.bombs import BOMBS

PEAK_MB = 1_500
SMALL_MB = 40
SLOW = {  # unpacked or read up to their limits, which takes seconds
    "a_csv_of_endless_malformed_rows",
    "a_gzip_bomb_of_empty_lines_that_understates_its_size",
    "a_parquet_file_that_repeats_a_text_of_ten_megabytes",
    "a_workbook_of_endless_styles",
    "a_workbook_of_endless_texts",
    "a_workbook_of_thousands_of_large_parts",
}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in BOMBS]
)
def test_a_bomb_is_refused_in_bounded_memory(tmp_path: Path, name: str) -> None:
    build, words = BOMBS[name]
    source = build(tmp_path)
    assert source.stat().st_blocks * 512 < SMALL_MB << 20 or "million_files" in name
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-m", defuse.__name__, str(source)],
        capture_output=True, text=True, timeout=14 * defuse.SECONDS, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    peak, outcome = done.stdout.splitlines()
    assert re.search(words, outcome)
    assert int(peak) < PEAK_MB
    assert {path.name for path in tmp_path.iterdir()} <= {source.name, "run"}, "nothing unpacked is left"
