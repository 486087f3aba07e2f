"""The demo on the full real file: its published counts, and answers for both customers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from retailrec.client.paths import REPORT
from tests.e2e.conftest import processes_of
from tests.e2e.test_lifecycle import COMMAND, gone, program_environment
from tests.needs import real_data, with_real_data

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), with_real_data]


def test_the_demo_shows_the_real_file(tmp_path: Path) -> None:
    environment = program_environment(tmp_path)
    REPORT.unlink(missing_ok=True)
    try:
        ended = subprocess.run(
            [*COMMAND, "demo", "--data", str(real_data())],
            env=environment, capture_output=True, text=True, timeout=1700, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert processes_of(tmp_path), "the cloud stays up for the user"
    finally:
        down = [*COMMAND, "down"]
        subprocess.run(down, env=environment, check=True, timeout=300, stdout=sys.stderr)
    assert gone(tmp_path)
    report = json.loads(REPORT.read_text())
    assert report["dataset"]["rows_read"] == 1_067_371
    assert report["dataset"]["rows_without_customer"] == 243_007
    rejected = sum(report["dataset"]["rejected"].values())
    assert report["dataset"]["interactions"] + rejected == 1_067_371
    for customer in ("13085", "17519"):
        items = report["recommendations"][customer]
        assert len({item["item_id"] for item in items}) == 10
        assert all(item["description"] for item in items)
    assert report["metrics"]["p@k(10)"] > report["metrics"]["p@k(10)_popularity"]
    assert [stage["name"] for stage in report["stages"]][:2] == ["prepare", "train"]
    assert report["total_seconds"] > 0
