"""The two programs as SageMaker runs them: processes over a folder, with signals and exit codes."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import httpx
import numpy as np
import pytest

from local.sagemaker.programs.ports import free_port
from recommender.serve.server import SECONDS_TO_FINISH

ALGORITHM = Path(__file__).parents[3] / "algorithm"
SIDE = 24
PATIENCE = 300.0  # for what a busy machine takes longer to do
# The shop is small: more threads only wait for each other, and cost processor time by it.
ONE_THREAD = {"SM_NUM_CPUS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
SAGEMAKER_SECONDS = 29.0  # after SIGTERM; a second more, and SageMaker kills a serving container
# Trains, and gets SIGTERM when it prints its first epoch, however fast it would continue.
INTERRUPTED = """
import os, runpy, signal, sys
write, sent = sys.stdout.write, []
def write_and_stop(text):
    write(text)
    if text.startswith("epoch ") and not sent:
        sent.append(True)
        os.kill(os.getpid(), signal.SIGTERM)
sys.stdout.write = write_and_stop
runpy.run_module("recommender.train", run_name="__main__")
"""

Start = Callable[..., subprocess.Popen[str]]


def prepare(base: Path) -> Path:
    """Fill a folder as SageMaker does: a checkerboard where each user lacks one item of their parity."""
    pairs = [(user, item) for user in range(SIDE) for item in range(SIDE) if user % 2 == item % 2]
    rows: dict[str, list[str]] = {"training": [], "testing": []}
    for user, item in pairs:
        rows["testing" if user == item else "training"].append(f'00{user},"item {item}, ""A"""')
    for channel, lines in rows.items():
        folder = base / "input" / "data" / channel
        folder.mkdir(parents=True)
        (folder / "interactions.csv").write_text("\n".join(["user_id,item_id", *lines]) + "\n")
    configure(
        base,
        algorithm="implicit-bpr",
        factors="8",
        iterations="400",
        learning_rate="0.1",
        refit="false",  # so that what was held out is still new to the model
    )
    return base


def configure(base: Path, **hyperparameters: str) -> None:
    folder = base / "input" / "config"
    folder.mkdir(exist_ok=True)
    (folder / "hyperparameters.json").write_text(json.dumps(hyperparameters))


@contextlib.contextmanager
def starting(base: Path) -> Iterator[Start]:
    """Start programs of the image over a folder; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        variables = {
            **os.environ,
            **ONE_THREAD,
            "SAGEMAKER_BASE_DIR": str(base),
            "PYTHONPATH": str(ALGORITHM),
        }
        process = subprocess.Popen(
            [sys.executable, "-W", "error", *arguments],
            env={**variables, "PYTHONUNBUFFERED": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    try:
        yield run
    finally:
        for process in started:
            process.kill()
            process.communicate()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Folder of one test's own."""
    return prepare(tmp_path)


@pytest.fixture
def start(base: Path) -> Iterator[Start]:
    with starting(base) as start:
        yield start


class Trained(NamedTuple):
    """A folder with the model of one training, which tests share, and what the training wrote."""

    base: Path
    output: str


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    base = prepare(tmp_path_factory.mktemp("trained"))
    with starting(base) as start:
        process = start("-m", "recommender.train")
        output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert errors == ""
    return Trained(base, output)


@contextlib.contextmanager
def served(base: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    at = {"RECOMMENDER_HOST": "127.0.0.1", "SAGEMAKER_BIND_TO_PORT": str(port)}
    with starting(base) as start:
        process = start("-m", "recommender.serve", **at)
        address = f"http://127.0.0.1:{port}"
        wait_for_ping(process, address)
        yield process, address


@pytest.fixture(scope="module")
def address(trained: Trained) -> Iterator[str]:
    """Where a server answers that tests share."""
    with served(trained.base) as (_, address):
        yield address


def wait_for_ping(process: subprocess.Popen[str], address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended: {process.communicate()[1]}")
        try:
            if httpx.get(f"{address}/ping", timeout=PATIENCE).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the server never answered /ping")


def line_with(text: str, stream: IO[str] | None) -> str:
    assert stream is not None
    return next(line for line in stream if text in line)


def invoke(address: str, user: str, **fields: Any) -> list[dict[str, Any]]:
    response = httpx.post(f"{address}/invocations", json={"user_id": user, **fields}, timeout=PATIENCE)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


def test_training_finds_each_users_missing_item(trained: Trained) -> None:
    lines = trained.output.splitlines()
    assert "epoch 400/400" in trained.output
    assert (
        "metric: p@k(10)_new_items = 0.100000" in lines
    )  # one of ten places, the only one that can be right
    assert f"metric: users_evaluated = {SIDE}" in lines


def test_the_server_recommends_what_training_learned(address: str) -> None:
    for user in range(SIDE):
        assert invoke(address, f"00{user}", top_n="1")[0]["item_id"] == f'item {user}, "A"'
    assert invoke(address, "nobody", top_n="1") == []


def test_a_batch_of_lines_is_answered_as_csv(address: str) -> None:
    body = "\n".join(json.dumps({"user_id": f"00{user}", "top_n": "2"}) for user in range(SIDE))
    headers = {"content-type": "application/jsonlines", "accept": "text/csv"}
    response = httpx.post(f"{address}/invocations", content=body, headers=headers, timeout=PATIENCE)
    lines = response.text.split("\n")
    assert len(lines) == 2 * SIDE
    assert lines[0].startswith('000,"item 0, ""A""",')


def test_sigterm_ends_the_server_soon_even_with_open_connections(trained: Trained) -> None:
    with (
        served(trained.base) as (process, address),
        httpx.Client(base_url=address, timeout=PATIENCE) as client,
    ):
        client.get("/ping")  # kept alive
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    assert SECONDS_TO_FINISH < SAGEMAKER_SECONDS


def test_serving_without_a_model_says_so(start: Start) -> None:
    process = start("-m", "recommender.serve")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert errors.startswith("error: There is no usable model in ")


def test_a_bad_channel_ends_with_a_reason_and_a_code(base: Path, start: Start) -> None:
    (base / "input" / "data" / "training" / "interactions.csv").write_text("customer,product\n1,2\n")
    process = start(str(ALGORITHM / "bin" / "train"))
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "its first columns must be user_id,item_id" in (base / "output" / "failure").read_text()


def test_sigterm_stops_training_without_a_model(base: Path, start: Start) -> None:
    configure(base, factors="64", iterations="100000")
    process = start("-m", "recommender.train")
    line_with("fitting", process.stdout)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 143
    assert not (base / "model" / "model.json").exists()


@pytest.mark.parametrize(
    ("algorithm", "refit", "times"),
    [
        pytest.param("bpr", "true", 2, marks=pytest.mark.slow),
        pytest.param("als", "true", 2, marks=pytest.mark.soak),
        pytest.param("bpr", "false", 2, marks=pytest.mark.soak),
        pytest.param("als", "false", 2, marks=pytest.mark.soak),
    ],
)
def test_an_interrupted_training_goes_on_and_leaves_the_same_model(
    base: Path, start: Start, algorithm: str, refit: str, times: int
) -> None:
    configure(base, algorithm=algorithm, factors="16", iterations="60", seed="3", refit=refit)
    whole = arrays_of_a_training(base, start, interrupted=0)
    (base / "checkpoints").mkdir()
    resumed = arrays_of_a_training(base, start, interrupted=times)
    assert whole.keys() == resumed.keys()
    for name, array in whole.items():
        assert np.array_equal(array, resumed[name]), name


@pytest.mark.slow  # two trainings
def test_a_checkpoint_of_other_data_is_not_gone_on_with(base: Path, start: Start) -> None:
    configure(base, algorithm="als", factors="16", iterations="60")
    (base / "checkpoints").mkdir()
    interrupt(start)
    channel = base / "input" / "data" / "training" / "interactions.csv"
    channel.write_text(channel.read_text() + "newcomer,new\n")
    configure(base, algorithm="als", factors="32", iterations="4")
    output, _ = start("-m", "recommender.train").communicate(timeout=PATIENCE)
    assert "training starts from scratch" in output
    assert "resuming after epoch" not in output
    assert (base / "model" / "model.json").exists()


def arrays_of_a_training(base: Path, start: Start, *, interrupted: int) -> dict[str, Any]:
    for _ in range(interrupted):
        interrupt(start)
        assert not (base / "model" / "model.json").exists()
    process = start("-m", "recommender.train")
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert ("resuming after epoch" in output) == bool(interrupted)
    names = ("user_factors", "item_factors")
    found = {name: np.load(base / "model" / f"{name}.npy") for name in names}
    shutil.rmtree(base / "model")
    return found


def interrupt(start: Start) -> None:
    """Let SIGTERM come in the middle of a fit."""
    process = start("-c", INTERRUPTED)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143, errors
    assert "which is saved" in output


@pytest.mark.parametrize("name", ["train", "serve"])
def test_the_images_commands_can_be_executed(name: str) -> None:
    assert os.access(ALGORITHM / "bin" / name, os.X_OK)


@pytest.mark.parametrize(("name", "code"), [("train", 128 + signal.SIGTERM), ("serve", 0)])
def test_a_program_ends_as_asked_while_it_still_imports(tmp_path: Path, name: str, code: int) -> None:
    package = tmp_path / "recommender"
    package.mkdir()
    (package / f"{name}.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run([sys.executable, ALGORITHM / "bin" / name], env=environment, check=False)
    assert ended.returncode == code
