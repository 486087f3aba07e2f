"""`make bench-prepare` on a tiny workbook: it runs, both ways agree, and the numbers have their names."""

import json
from pathlib import Path

import pytest

from benchmarks import prepare
from benchmarks.common.measuring import measure
from retailrec.generate import Shape, write
from tests import needs

COMPARISON = {
    "seed_seconds", "our_seconds", "speedup", "seed_peak_mb", "our_peak_mb", "rows",
    "seed_steps_seconds", "our_steps_seconds", "steps_speedup",
    "our_default_seconds", "our_default_peak_mb",
}  # fmt: skip

pytestmark = [
    pytest.mark.slow,  # `make test-slow` makes the environment that it needs
    pytest.mark.skipif(not prepare.TUTORIAL_PYTHON.exists(), reason=needs.reason(needs.BENCHMARKS)),
]


def test_the_benchmark_measures_both_ways(tmp_path: Path) -> None:
    workbook, out = tmp_path / "tiny.xlsx", tmp_path / "bench" / "prepare.json"
    shape = Shape.of_rows(2_000)
    write(workbook, shape)
    once = ["--repetitions", "1", "--csv-repetitions", "1", "--scale", "0.001", "0.002"]
    prepare.main(["--data", str(workbook), "--out", str(out), *once])
    result = json.loads(out.read_text())
    assert result.keys() == {
        "seed_seconds",
        "our_seconds",
        "speedup",
        "our_peak_mb",
        "data",
        "xlsx",
        "csv",
        "scale",
    }
    for name in ("xlsx", "csv"):
        assert result[name].keys() == COMPARISON
        assert all(number > 0 for number in result[name].values())
        assert result[name]["rows"] == shape.rows
    assert {key: result[key] for key in ("seed_seconds", "our_seconds", "speedup", "our_peak_mb")} == {
        key: result["xlsx"][key] for key in ("seed_seconds", "our_seconds", "speedup", "our_peak_mb")
    }
    assert [step["rows"] for step in result["scale"]] == [1_000, 2_000]
    assert result["scale"][0]["time_per_row"] == 1


def test_memory_of_children_counts(tmp_path: Path) -> None:
    child = "import time; held = b'x' * 150_000_000; time.sleep(0.5)"
    program = tmp_path / "parent.py"
    program.write_text(
        f'import json, subprocess, sys\nsubprocess.run([sys.executable, "-c", "{child}"])\n'
        'print(json.dumps({"steps_seconds": 1, "rows": 1, "train_rows": 1, "test_rows": 0}))\n'
    )
    found = measure(prepare.OUR_PYTHON, program, tmp_path)
    assert found.peak_mb > 150
    assert found.seconds > 0.5
