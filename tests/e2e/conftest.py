"""One local cloud for all end-to-end tests, apart from any that a person has up.

The tests share it in any order, so each makes what it needs: it takes the run that is live, whichever test
made it, or drops a file itself; what it starts has ended when it returns.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from retailrec.client.dropping import Drop, await_run, upload
from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec_shared.contract.api_responses import Recommendations
from retailrec_shared.core.status import ENDED
from retailrec_shared.ledger.run import Run
from tests.clouds import own_cloud
from tests.local_sagemaker import ask_sagemaker

ROWS = 12_000
# A small model is enough to see that one is trained, and no shop here is compared with another.
SMALL = ("Factors=32", "Iterations=20", "QualityTolerance=1")
RUN_SECONDS = 600.0
ANSWER_SECONDS = 120.0


@pytest.fixture(scope="session")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cloud")


@pytest.fixture(scope="package")
def stack(state_dir: Path) -> Iterator[Stack]:
    """The stack, deployed on a cloud of its own, which is up for the tests of this folder alone."""
    with own_cloud(state_dir):
        yield Stack.local(cloud.up(print, parameters=SMALL))


def fault(stack: Stack, method: str = "POST", **asked: object) -> None:
    """Ask the local SageMaker for a fault, or with DELETE for the end of all."""
    assert stack.cloud is not None
    ask_sagemaker(stack.cloud, method, "/_faults", asked or None)


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


def await_endpoint(stack: Stack, customer: str, top_n: int, run_id: str | None = None) -> Recommendations:
    """Ask the API until the endpoint answers, with the model of a certain run if one is named.

    While the machine is too busy for that in the API's two seconds, another source answers, as it should;
    and each of the API's workers remembers for some seconds which run is live.
    """
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        answer = stack.api().recommendations(customer, top_n)
        if answer.source == "endpoint" and run_id in {None, answer.run_id}:
            return answer
        if time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


def live(stack: Stack) -> Run | None:
    """Return the run that is live now."""
    return stack.ledger().get(stack.ledger().pointer("live") or "")


@pytest.fixture(scope="package")
def first_run(stack: Stack, shop_file: Path) -> Run:
    """The shop's file, taken to its end; when it was, later runs may have replaced it."""
    return follow(stack, drop(stack, shop_file))


@pytest.fixture
def live_run(stack: Stack, first_run: Run) -> Run:
    """The run that is live when a test begins."""
    found = live(stack)
    assert found, first_run.outcome.reason
    return found


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
