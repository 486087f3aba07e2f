"""The image as SageMaker runs it: without network, root, or a writable file system but /opt/ml."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.image.conftest import Container, a_container, docker, opt_ml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

# SageMaker kills a training job's container so long after SIGTERM; no test waits for that.
STOP_SECONDS = 120
QUICK = {"factors": "8", "iterations": "20", "learning_rate": "0.05"}


def checkerboard(users: int = 40, items: int = 20) -> str:
    """Even users buy even items, odd users odd ones, and each misses one of its own."""
    rows = ["user_id,item_id"]
    for user in range(users):
        mine = [item for item in range(items) if item % 2 == user % 2]
        rows += [f"{user:05},{item:05}" for item in mine if item != mine[user // 2 % len(mine)]]
    return "\n".join(rows) + "\n"


def wait_for_ping(container: Container, seconds: float = 300.0) -> float:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if container.ask("/ping")[0] == 200:
            return time.monotonic() - began
        time.sleep(0.2)
    raise AssertionError(container.log())


def await_word(container: Container, word: str, seconds: float = 300.0) -> None:
    """Wait until a container's log says something."""
    deadline = time.monotonic() + seconds
    while word not in container.log():
        assert time.monotonic() < deadline, container.log()
        time.sleep(0.2)


class Trained(NamedTuple):
    """What a container that trained left, and what it said."""

    ml: Path
    ended: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="module")
def trained(built: str, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    with a_container(built, tmp_path_factory.mktemp("trained")) as container:
        opt_ml(container.ml, checkerboard(), QUICK)
        return Trained(container.ml, container.run("train"))


@contextmanager
def a_server(built: str, folder: Path, trained: Trained) -> Iterator[Container]:
    """Serve the trained model in a container."""
    with a_container(built, folder) as container:
        shutil.copytree(trained.ml, container.ml)
        container.start("serve")
        wait_for_ping(container)
        yield container


@pytest.fixture(scope="module")
def serving(built: str, trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with a_server(built, tmp_path_factory.mktemp("serving"), trained) as container:
        yield container


def test_training_leaves_a_model_and_says_its_metric(trained: Trained) -> None:
    assert trained.ended.returncode == 0, trained.ended.stdout + trained.ended.stderr
    assert "p@k(10)" in trained.ended.stdout
    assert any((trained.ml / "model").iterdir())
    assert not (trained.ml / "output/failure").exists()


@pytest.mark.parametrize(
    ("rows", "hyperparameters", "word"),
    [
        ("user_id,item_id\n", QUICK, "row"),
        ("customer,thing\n1,2\n", QUICK, "user_id"),
        ("user_id,item_id\n1,2\n", {"factors": "many"}, "factors"),
    ],
    ids=["no rows", "other header", "a hyperparameter that is no number"],
)
def test_bad_input_leaves_a_failure_file_and_a_code(
    container: Container, rows: str, hyperparameters: dict[str, str], word: str
) -> None:
    opt_ml(container.ml, rows, hyperparameters)
    assert container.run("train").returncode == 1
    reason = (container.ml / "output/failure").read_text()
    assert word in reason
    assert 0 < len(reason) <= 1024
    assert not any((container.ml / "model").iterdir())


def test_serving_answers_ping_and_invocations(serving: Container) -> None:
    status, text = serving.ask("/invocations", {"user_id": "00003", "top_n": "3"})
    assert status == 200, serving.log()
    answer = json.loads(text)
    assert len(answer) == 3
    assert {row["user_id"] for row in answer} == {"00003"}
    assert all(len(row["item_id"]) == 5 for row in answer)
    assert serving.ask("/invocations", {"user_id": "nobody", "top_n": "3"}) == (200, "[]")
    assert 400 <= serving.ask("/invocations", {"top_n": "3"})[0] < 500


def test_it_is_confined_and_does_not_mind(serving: Container) -> None:
    assert int(serving.python("import os; print(os.getuid())").stdout) != 0
    assert serving.python("open('/opt/program/x', 'w')").returncode != 0
    assert serving.python("open('/tmp/x', 'w')").returncode != 0
    reaching = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    assert serving.python(reaching).returncode != 0


def test_sigterm_ends_a_server(built: str, trained: Trained, tmp_path: Path) -> None:
    with a_server(built, tmp_path, trained) as container:
        assert stopped(container) == 0, container.log()


def test_sigterm_ends_a_training_with_its_own_code(container: Container) -> None:
    opt_ml(container.ml, checkerboard(400, 200), {"factors": "64", "iterations": "100000"})
    container.start("train")
    await_word(container, "fitting")
    assert stopped(container) == 143, container.log()


def stopped(container: Container) -> int:
    """Send SIGTERM; return the code that the container ends with, 137 if it had to be killed."""
    docker("stop", "--time", str(STOP_SECONDS), container.name)
    return int(docker("inspect", "--format", "{{.State.ExitCode}}", container.name).stdout)
