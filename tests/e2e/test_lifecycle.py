"""The cloud comes up, goes down, and leaves no process behind, whenever it is interrupted."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from local import cloud
from retailrec.cli.verbs import app
from retailrec.client.stack import Stack
from tests.clouds import environment
from tests.e2e.conftest import processes_of
from tests.signals import interruptible

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "retailrec"]


def program_environment(state_dir: Path) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "shared")])
    return {**os.environ, **environment(state_dir), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def gone(state_dir: Path, seconds: float = 120.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not processes_of(state_dir):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_up_leaves_a_cloud_that_is_up_as_it_is(stack: Stack, state_dir: Path) -> None:
    assert stack.cloud
    before = cloud.running()
    printed = CliRunner().invoke(app, ["up"])
    assert printed.exit_code == 0, printed.output
    assert "is up already" in printed.output
    assert cloud.running() == before


@pytest.mark.soak
def test_up_is_idempotent_and_down_leaves_nothing(tmp_path: Path) -> None:
    environment = program_environment(tmp_path)

    def run(verb: str) -> str:
        ended = subprocess.run(
            [*COMMAND, verb],
            env=environment,
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


# What `up` says when it begins something, and then is interrupted; at first it has said nothing yet.
MOMENTS = {"at once": None, "starting": "Starting", "building": "Building", "deploying": "Deploying"}
SLOW = [("starting", signal.SIGTERM), ("deploying", signal.SIGINT)]
SOAK = [
    (moment, number)
    for moment in MOMENTS
    for number in (signal.SIGINT, signal.SIGTERM)
    if (moment, number) not in SLOW
]


@pytest.mark.parametrize(
    ("moment", "number"),
    [pytest.param(*each, marks=pytest.mark.slow) for each in SLOW]
    + [pytest.param(*each, marks=pytest.mark.soak) for each in SOAK],
)
def test_an_interrupted_up_leaves_nothing(tmp_path: Path, number: signal.Signals, moment: str) -> None:
    environment = program_environment(tmp_path)
    with interruptible(), subprocess.Popen(
        [*COMMAND, "up"], env=environment, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout
        if word := MOMENTS[moment]:
            said = next((line for line in process.stdout if word in line), None)
            assert said, f"up ended without saying {word}"
        os.killpg(process.pid, number)
        printed = process.stdout.read()
        code = process.wait(timeout=300)
    try:
        assert code != 0, printed
        assert gone(tmp_path)
    finally:
        subprocess.run([*COMMAND, "down"], env=environment, check=True, timeout=300, capture_output=True)
