"""One local cloud for all end-to-end tests, apart from any that a person has up."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from retailrec.answers import Recommendations
from retailrec.dropping import Drop, await_run, upload
from retailrec.generate import Shape, write
from retailrec.stack import Stack
from retailrec_shared.run import Run
from retailrec_shared.status import ENDED

ROWS = 60_000
RUN_SECONDS = 600.0
ANSWER_SECONDS = 120.0


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Train on one thread: the same file makes the same model, and no gate is passed by chance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SM_NUM_CPUS", "1")
        yield


@pytest.fixture(scope="package")
def stack(state_dir: Path, one_thread: None) -> Iterator[Stack]:
    """The stack, deployed on a cloud of its own, which is up for the tests of this folder alone."""
    os.environ["RETAILREC_STATE_DIR"] = str(state_dir)
    try:
        yield Stack.local(cloud.up(print))
    finally:
        cloud.down(print)
        del os.environ["RETAILREC_STATE_DIR"]


@pytest.fixture(scope="session")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated shop's file, as xlsx with two sheets."""
    path = tmp_path_factory.mktemp("data") / "shop + co (2011).xlsx"
    write(path, Shape.of_rows(ROWS), seed=7)
    return path


def drop(stack: Stack, path: Path, key: str | None = None) -> Drop:
    return upload(stack, path, key or path.name, lambda _sent: None)


def follow(stack: Stack, dropped: Drop) -> Run:
    """Wait until the run of a drop has ended, well or badly."""
    run_id = await_run(stack, dropped).run.run_id
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        run = stack.ledger().get(run_id)
        if run and run.status in ENDED:
            return run
        time.sleep(0.2)
    raise TimeoutError(f"run {run_id} has not ended: {run}")


def await_endpoint(stack: Stack, customer: str, top_n: int) -> Recommendations:
    """Ask the API until the endpoint answers.

    While the machine is too busy for that in the API's two seconds, another source answers, as it should.
    """
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        answer = stack.api().recommendations(customer, top_n)
        if answer.source == "endpoint" or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


@pytest.fixture(scope="package")
def live_run(stack: Stack, shop_file: Path) -> Run:
    """The first run, taken to its end."""
    return follow(stack, drop(stack, shop_file))


def processes_of(state_dir: Path) -> list[int]:
    """Find every process that was started for a cloud: each inherits its mark."""
    mark = f"RETAILREC_CLOUD={state_dir}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it ended, or is not ours to read
    return found
