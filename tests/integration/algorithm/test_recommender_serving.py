"""The serving program with its workers: it shares the model, outlives its workers, and ends in time."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from benchmarks.common.memory import children, proportional, resident
from benchmarks.models.synthetic import Size, save_synthetic, user_id
from local.sagemaker.programs.ports import free_port

ALGORITHM = Path(__file__).parents[3] / "algorithm"
# Large enough for its 88 MB to stand out from what processes need anyway.
SIZE = Size(users=150_000, items=10_000, factors=128, pairs=400_000)
QUERY = {"user_id": user_id(5, SIZE.users), "top_n": "3"}

PATIENCE = 240.0
# Serves, and holds each request of several lines: it reports that it has one, and waits to be released.
HELD = """
import runpy, sys, time
from pathlib import Path
from recommender.serve import app, server
server.SECONDS_TO_FINISH = 600
begun, let_go = map(Path, sys.argv[1:])
answer = app.respond_to_many
def held(*arguments):
    begun.touch()
    while not let_go.exists():
        time.sleep(0.01)
    return answer(*arguments)
app.respond_to_many = held
runpy.run_module("recommender.serve", run_name="__main__")
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ml")
    save_synthetic(folder / "model", SIZE)
    return folder


@pytest.fixture(scope="module")
def shared(base: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server that tests share which leave it as it was."""
    with serve(base, SAGEMAKER_MAX_PAYLOAD_IN_MB="10") as server:
        yield server


@contextlib.contextmanager
def serve(base: Path, *program: str, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    variables = {
        "SAGEMAKER_BASE_DIR": str(base),
        "PYTHONPATH": str(ALGORITHM),
        "RECOMMENDER_HOST": "127.0.0.1",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": "2",
        **environment,
    }
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *(program or ("-m", "recommender.serve"))],
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or answers(address))
        yield process, address
    finally:
        process.kill()
        process.communicate()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ping", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def invoke(address: str) -> list[dict[str, object]]:
    response = httpx.post(f"{address}/invocations", json=QUERY, timeout=PATIENCE)
    assert response.status_code == 200, response.text
    found: list[dict[str, object]] = response.json()
    return found


def test_workers_share_the_model(base: Path) -> None:
    with serve(base) as (process, address):
        for _ in range(8):
            invoke(address)
        workers = children(process.pid)
        assert len(workers) == 2
        model = sum(path.stat().st_size for path in (base / "model").glob("*.npy"))
        # What all processes hold together is less than one copy of the model more than the largest one has.
        together = sum(proportional(pid) for pid in [process.pid, *workers])
        alone = max(resident(pid) for pid in [process.pid, *workers])
        assert alone > model
        assert together < alone + model


def test_a_worker_that_dies_is_replaced_and_the_others_go_on(base: Path) -> None:
    with serve(base) as (process, address):
        expected = invoke(address)
        dead, alive = children(process.pid)
        os.kill(dead, signal.SIGKILL)
        wait_until(lambda: dead not in children(process.pid))
        assert invoke(address) == expected  # by the other one
        wait_until(lambda: len(children(process.pid)) == 2)
        for _ in range(4):
            assert invoke(address) == expected
        assert alive in children(process.pid)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
        assert process.stderr is not None
        assert f"worker {dead} died with exit code -9; starting another" in process.stderr.read().decode()


def test_connections_are_shared_out_evenly(shared: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = shared
    with contextlib.ExitStack() as stack:
        wait_until(lambda: not any(connections(pid, address) for pid in children(process.pid)))
        for _ in range(8):
            client = stack.enter_context(httpx.Client(base_url=address, timeout=PATIENCE))
            assert client.get("/ping").status_code == 200
        assert [connections(pid, address) for pid in children(process.pid)] == [4, 4]


def connections(pid: int, address: str) -> int:
    """Count the connections of its clients that a process holds: those established at its port."""
    port = f":{int(address.rpartition(':')[2]):04X}"
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    served = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(port) and line[9] != "0"}
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found += str(link.readlink()) in served
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_request_in_hand_is_answered_before_the_end(
    base: Path, tmp_path: Path, number: signal.Signals
) -> None:
    body = (json.dumps(QUERY) + "\n") * 4
    begun, let_go = tmp_path / "begun", tmp_path / "let go"
    with (
        serve(base, "-c", HELD, str(begun), str(let_go)) as (process, address),
        httpx.Client(base_url=address, timeout=PATIENCE) as idle,
    ):
        idle.get("/ping")
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(
                httpx.post,
                f"{address}/invocations",
                content=body,
                headers={"content-type": "application/json", "accept": "text/csv"},
                timeout=PATIENCE,
            )
            wait_until(begun.exists)
            os.kill(process.pid, number)
            wait_until(lambda: not answers(address))  # it is ending
            assert not asked.done()
            assert process.poll() is None
            let_go.touch()
            assert process.wait(timeout=PATIENCE) == 0
            assert len(asked.result().text.splitlines()) == 3 * 4


def test_workers_end_when_their_parent_is_killed(base: Path) -> None:
    with serve(base) as (process, _):
        workers = children(process.pid)
        process.kill()
        process.wait()
        wait_until(lambda: not any(map(runs, workers)))


def runs(pid: int) -> bool:
    """Return whether a process runs: one that ended may stay until its parent waits for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_port_in_use_is_reported(base: Path, shared: tuple[subprocess.Popen[bytes], str]) -> None:
    _, address = shared
    with serve(base, SAGEMAKER_BIND_TO_PORT=address.rpartition(":")[2]) as (other, _):
        assert other.wait(timeout=PATIENCE) == 1
        assert other.stderr is not None
        assert b"error: " in other.stderr.read()


def test_bodies_up_to_the_limit_are_read_and_larger_ones_refused(
    shared: tuple[subprocess.Popen[bytes], str],
) -> None:
    _, address = shared
    spaces = " " * (10 * 1024 * 1024 - len(json.dumps(QUERY)))
    fits = httpx.post(f"{address}/invocations", content=json.dumps(QUERY) + spaces, timeout=PATIENCE)
    assert (fits.status_code, len(fits.json())) == (200, 3)
    over = httpx.post(f"{address}/invocations", content=json.dumps(QUERY) + spaces + " ", timeout=PATIENCE)
    assert over.status_code == 413
    assert answers(address)


def test_a_batch_job_gets_the_number_of_concurrent_requests(
    shared: tuple[subprocess.Popen[bytes], str],
) -> None:
    _, address = shared
    found = httpx.get(f"{address}/execution-parameters", timeout=PATIENCE).json()
    assert found == {"BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 1, "MaxConcurrentTransforms": 2}
