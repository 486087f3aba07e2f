"""The whole pipeline once more, the local SageMaker running the algorithm's image."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from local.containers import engine, image
from local.sagemaker.containers import LABEL
from retailrec.stack import Stack
from retailrec_shared.status import RunStatus
from tests.e2e.conftest import await_endpoint, drop, follow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def containers(state_dir: Path) -> list[str]:
    listing = ["docker", "ps", "--all", "--format", "{{.Names}} {{.Networks}}"]
    listing += ["--filter", f"label={LABEL}={state_dir / 'sagemaker'}"]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A cloud of its own, with containers."""
    if engine.starter() is None and not engine.available():
        pytest.skip("no Docker engine runs here, and the machine has no script that starts one")
    before = os.environ.get("RETAILREC_STATE_DIR")
    os.environ["RETAILREC_STATE_DIR"] = str(tmp_path / "cloud")
    try:
        image.build()
        cloud.up(print, image.IMAGE)
        yield tmp_path / "cloud"
    finally:
        cloud.down(print)
        if before is None:
            del os.environ["RETAILREC_STATE_DIR"]
        else:
            os.environ["RETAILREC_STATE_DIR"] = before


def test_a_dropped_file_goes_live_in_containers(state_dir: Path, shop_file: Path) -> None:
    running = cloud.running()
    assert running
    stack = Stack.local(running)
    run = follow(stack, drop(stack, shop_file))
    assert run.status is RunStatus.LIVE, run.reason
    answer = await_endpoint(stack, "13085", 10)
    assert (answer.source, answer.run_id) == ("endpoint", run.run_id)
    (serving,) = containers(state_dir)
    assert serving.startswith("retailrec-serve-")

    bad = state_dir.parent / "one.csv"
    bad.write_text("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n")
    assert follow(stack, drop(stack, bad)).status is RunStatus.REJECTED

    cloud.down(print)
    assert containers(state_dir) == []
