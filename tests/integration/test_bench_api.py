"""`make bench-api` on a tiny shop: it runs, each source answers, and the numbers have their names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import ROOT

pytestmark = pytest.mark.slow


def test_the_benchmark_measures_overhead_cold_import_and_each_source(tmp_path: Path) -> None:
    out = tmp_path / "bench" / "api.json"
    path = os.pathsep.join(str(ROOT / folder) for folder in ("functions", "layers/shared", "algorithm"))
    command = [sys.executable, "-m", "benchmarks.api", "--out", str(out)]
    command += ["--rows", "20000", "--calls", "20", "--imports", "2"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = own | {"PYTHONPATH": path, "AWS_CONFIG_FILE": os.devnull}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result = json.loads(out.read_text())
    assert 0 < result["api_overhead_ms_p50"] <= result["api_overhead_ms_p99"]
    assert result["cold_import_ms"] > 0
    assert list(result["sources"]) == ["endpoint", "batch", "similar", "popular_in_country", "popular"]
