"""``retailrec console`` as a process: where it listens, and how it ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


def test_it_serves_on_the_loopback_until_ctrl_c(tmp_path: Path) -> None:
    environment = {**os.environ, "RETAILREC_STATE_DIR": str(tmp_path), "COLUMNS": "100"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")])
    with subprocess.Popen(
        [sys.executable, "-m", "retailrec", "console", "--port", "0", "--no-open"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert address
            assert httpx.get(address[0], timeout=120, trust_env=False).status_code == 200
            answer = httpx.get(f"{address[0]}/api/stack", timeout=120, trust_env=False)
            assert "retailrec up" in answer.json()["sentence"]
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=300)
        finally:
            process.kill()
    assert process.returncode in {0, 130}
    assert "Traceback" not in errors
