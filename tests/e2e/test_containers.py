"""The whole pipeline once more, the local SageMaker running the algorithm's image."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from local.containers import image
from local.sagemaker.programs.containers import LABEL
from retailrec.client.stack import Stack
from retailrec_shared.core.status import RunStatus
from tests import needs
from tests.clouds import own_cloud
from tests.e2e.conftest import SMALL, await_endpoint, drop, follow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def containers(state_dir: Path) -> list[str]:
    listing = ["docker", "ps", "--all", "--format", "{{.Names}} {{.Networks}}"]
    listing += ["--filter", f"label={LABEL}={state_dir / 'sagemaker'}"]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A cloud of its own, with containers."""
    needs.docker()
    image.build()
    with own_cloud(tmp_path / "cloud") as state_dir:
        cloud.up(print, image.IMAGE, parameters=SMALL)
        yield state_dir


def test_a_dropped_file_goes_live_in_containers(state_dir: Path, shop_file: Path) -> None:
    running = cloud.running()
    assert running
    stack = Stack.local(running)
    run = follow(stack, drop(stack, shop_file))
    assert run.status is RunStatus.LIVE, run.outcome.reason
    answer = await_endpoint(stack, "13085", 10)
    assert (answer.source, answer.run_id) == ("endpoint", run.run_id)
    (serving,) = containers(state_dir)
    assert serving.startswith("retailrec-serve-")

    bad = state_dir.parent / "one.csv"
    bad.write_text("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n")
    assert follow(stack, drop(stack, bad)).status is RunStatus.REJECTED

    cloud.down(print)
    assert containers(state_dir) == []
