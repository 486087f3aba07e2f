"""The cloud comes up, goes down, and leaves no process behind, whenever it is interrupted."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import processes_of

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "retailrec"]


def environment(state_dir: Path) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")])
    return {**os.environ, "RETAILREC_STATE_DIR": str(state_dir), "PYTHONPATH": path}


def gone(state_dir: Path, seconds: float = 120.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not processes_of(state_dir):
            return True
        time.sleep(0.1)
    return False


def test_up_is_idempotent_and_down_leaves_nothing(tmp_path: Path) -> None:
    def run(verb: str) -> str:
        ended = subprocess.run(
            [*COMMAND, verb],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    try:
        run("up")
        started = set(processes_of(tmp_path))
        assert started
        run("up")
        assert set(processes_of(tmp_path)) >= started
    finally:
        run("down")
    assert gone(tmp_path)
    run("down")


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("at once", signal.SIGINT),
        ("at once", signal.SIGTERM),
        pytest.param("starting", signal.SIGINT, marks=pytest.mark.slow),
        ("starting", signal.SIGTERM),
        ("deploying", signal.SIGINT),
        pytest.param("deploying", signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_up_leaves_nothing(tmp_path: Path, number: signal.Signals, moment: str) -> None:
    low, high = {"at once": (0.0, 0.5), "starting": (1.0, 3.0), "deploying": (3.0, 9.0)}[moment]
    delay = random.Random(f"{moment}{number}").uniform(low, high)  # noqa: S311 - a moment, not a secret
    process = subprocess.Popen(
        [*COMMAND, "up"], env=environment(tmp_path), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(delay)
    os.killpg(process.pid, number)
    code = process.wait(timeout=300)
    if code == 0:  # it was up already: that cloud is meant to stay
        subprocess.run([*COMMAND, "down"], env=environment(tmp_path), check=True, timeout=300)
    assert gone(tmp_path)
