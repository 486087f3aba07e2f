"""The image as SageMaker runs it: as root or any other user, over folders that root owns, without network."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.image.conftest import ANOTHER_UID, CONFINED, SERVERLESS, Container, a_container, docker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

# SageMaker kills a training job's container so long after SIGTERM; no test waits for that.
STOP_SECONDS = 120
QUICK = {"factors": "8", "iterations": "20", "learning_rate": "0.05"}
LOG_OF_NUMBA = ["--env", "NUMBA_DEBUG_CACHE=1"]
AS_ANOTHER = ["--user", f"{ANOTHER_UID}:{ANOTHER_UID}"]
# Of every process but the one that asks.
UIDS = """
import os, pathlib
for status in pathlib.Path("/proc").glob("[0-9]*/status"):
    if status.parent.name != str(os.getpid()):
        print(next(line for line in status.read_text().splitlines() if line.startswith("Uid:")))
"""


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
        if not container.runs():
            break
        time.sleep(0.2)
    raise AssertionError(container.log())


def await_word(container: Container, word: str, seconds: float = 300.0) -> None:
    """Wait until a container's log says something."""
    deadline = time.monotonic() + seconds
    while word not in container.log():
        assert time.monotonic() < deadline, container.log()
        assert container.runs(), container.log()
        time.sleep(0.2)


class Trained(NamedTuple):
    """What a container that trained left, and what it said."""

    ml: Path
    ended: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="module")
def trained(built: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    with a_container(built, tmp_path_factory.mktemp("trained")) as container:
        container.lay_out(checkerboard(), QUICK)
        yield Trained(container.ml, container.run("train"))


@contextmanager
def a_server(
    built: str, folder: Path, trained: Trained, *options: str, port: int = 8080
) -> Iterator[Container]:
    """Serve the trained model in a container."""
    with a_container(built, folder, port) as container:
        shutil.copytree(trained.ml, container.ml, dirs_exist_ok=True)
        container.mount_as_sagemaker_does()
        container.start("serve", *options)
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


def test_training_gives_up_roots_privileges(trained: Trained) -> None:
    assert "gave up root's privileges: runs as uid 10001" in trained.ended.stdout
    assert {path.stat().st_uid for path in (trained.ml / "model").iterdir()} == {10001}


@pytest.mark.parametrize(
    ("options", "owner", "said"),
    [
        (CONFINED, 0, "stays root: as uid 10001, Operation not permitted"),
        ([], 777, "stays root: as uid 10001, /opt/ml/model: Permission denied"),
        ([*SERVERLESS, *LOG_OF_NUMBA], ANOTHER_UID, "data loaded from '/tmp/recommender-compiled-"),
    ],
    ids=["root without its rights", "folders of another user", "another uid"],
)
def test_training_works_as_any_user(container: Container, options: list[str], owner: int, said: str) -> None:
    container.lay_out(checkerboard(), QUICK)
    for folder in ("model", "output"):
        container.give(folder, owner)
    ended = container.run("train", *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert said in ended.stdout
    assert (container.ml / "model/model.json").is_file()


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
    container.lay_out(rows, hyperparameters)
    assert container.run("train").returncode == 1
    reason = (container.ml / "output/failure").read_text()
    assert word in reason
    assert 0 < len(reason) <= 1024
    assert not any((container.ml / "model").iterdir())


@pytest.mark.parametrize(
    ("closed", "sentence"),
    [
        ("input/data/training", "Cannot read /opt/ml/input/data/training as uid 54321: Permission denied."),
        ("", "Cannot write to /opt/ml/model as uid 54321: Permission denied."),
    ],
    ids=["the channel", "the model's folder"],
)
def test_what_a_user_may_not_do_is_said(container: Container, closed: str, sentence: str) -> None:
    container.lay_out(checkerboard(), QUICK)
    options = list(AS_ANOTHER)
    if closed:  # a mount of its own, as only root can change what root owns
        hidden = container.ml.with_name("hidden")
        hidden.mkdir(mode=0o700)
        options += ["--volume", f"{hidden}:/opt/ml/{closed}"]
    ended = container.run("train", *options)
    assert ended.returncode == 1
    assert sentence in ended.stdout
    assert "or run the container as root, as SageMaker does." in ended.stdout
    assert "the failure file is not written. Cannot write to /opt/ml/output/failure" in ended.stdout


def test_serving_answers_ping_and_invocations(serving: Container) -> None:
    status, text = serving.ask("/invocations", {"user_id": "00003", "top_n": "3"})
    assert status == 200, serving.log()
    answer = json.loads(text)
    assert len(answer) == 3
    assert {row["user_id"] for row in answer} == {"00003"}
    assert all(len(row["item_id"]) == 5 for row in answer)
    assert serving.ask("/invocations", {"user_id": "nobody", "top_n": "3"}) == (200, "[]")
    assert 400 <= serving.ask("/invocations", {"top_n": "3"})[0] < 500


def test_no_process_that_serves_is_roots(serving: Container) -> None:
    uids = serving.python(UIDS).stdout.splitlines()
    assert len(uids) >= 2  # the parent and its workers
    assert set(uids) == {"Uid:\t" + "\t".join(["10001"] * 4)}
    reaching = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    assert serving.python(reaching).returncode != 0


def test_serverless_inference_serves_as_another_uid(built: str, trained: Trained, tmp_path: Path) -> None:
    port = ["--env", "SAGEMAKER_BIND_TO_PORT=9099"]
    with a_server(built, tmp_path, trained, *SERVERLESS, *port, port=9099) as container:
        status, text = container.ask("/invocations", {"user_id": "00003", "top_n": "3"})
        assert status == 200, container.log()
        assert len(json.loads(text)) == 3
        assert container.python("import os; print(os.getuid())").stdout == f"{ANOTHER_UID}\n"
        assert container.python("open('/opt/program/x', 'w')").returncode != 0


def test_a_model_that_cannot_be_read_is_not_called_absent(container: Container, trained: Trained) -> None:
    shutil.copytree(trained.ml, container.ml, dirs_exist_ok=True)
    (container.ml / "model/model.json").chmod(0o600)
    container.give("model", 0)
    ended = container.run("serve", *AS_ANOTHER)
    assert ended.returncode == 1
    assert "Cannot read /opt/ml/model/model.json as uid 54321: Permission denied." in ended.stderr


def test_sigterm_ends_a_server(built: str, trained: Trained, tmp_path: Path) -> None:
    with a_server(built, tmp_path, trained) as container:
        assert stopped(container) == 0, container.log()


def test_sigterm_ends_a_training_with_its_own_code(container: Container) -> None:
    container.lay_out(checkerboard(400, 200), {"factors": "64", "iterations": "100000"})
    container.start("train")
    await_word(container, "fitting")
    assert stopped(container) == 143, container.log()


def stopped(container: Container) -> int:
    """Send SIGTERM; return the code that the container ends with, 137 if it had to be killed."""
    docker("stop", "--time", str(STOP_SECONDS), container.name)
    return int(docker("inspect", "--format", "{{.State.ExitCode}}", container.name).stdout)
