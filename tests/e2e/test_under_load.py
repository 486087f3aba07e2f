"""While models change and endpoints die, no request fails and no answer is empty."""

import os
import signal
import time
from pathlib import Path

import pytest

from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.run import Run
from tests.e2e.conftest import ROWS, drop, follow
from tests.e2e.signed_requests import Client, Load, settle

ENDPOINT_FIRST = "/customers/13085/"

pytestmark = pytest.mark.timeout(1800)


def popular_items(stack: Stack, run: Run) -> list[str]:
    """List items of the run that is live, once nobody answers from another."""
    settle(stack, run.run_id)
    popular = Client(stack).ask("GET", "/items/popular?top_n=20").json()
    return [item["item_id"] for item in popular["items"]]


def signal_serving_programs(state_dir: Path, number: signal.Signals) -> None:
    """Signal what serves a cloud's endpoint: programs in an environment of their own."""
    mark = f"SAGEMAKER_BASE_DIR={state_dir}/".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                b"recommender.serve" in (folder / "cmdline").read_bytes()
                and mark in (folder / "environ").read_bytes()
            ):
                os.kill(int(folder.name), number)
        except OSError:
            continue  # it ended, or is not ours


def await_source(load: Load, source: str, since: float, seconds: float, run_id: str | None = None) -> None:
    """Wait until a source has answered, of a certain run if one is named."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = [(body["source"], body["run_id"]) for body in load.bodies(ENDPOINT_FIRST, since)]
        if any(answered == source and run_id in {None, of} for answered, of in found):
            return
        time.sleep(0.2)
    raise AssertionError(f"no answer came from {source}: {found[-20:]}")


@pytest.mark.slow
def test_a_new_model_replaces_the_old_one_under_load(stack: Stack, tmp_path: Path) -> None:
    before, after = tmp_path / "before load.csv", tmp_path / "under load.csv"
    write(before, Shape.of_rows(ROWS), seed=31)
    # The same shop without its last sales: an item that goes is a 404, and rightly so.
    after.write_text("".join(before.read_text().splitlines(keepends=True)[:-5]))
    old = follow(stack, drop(stack, before))
    assert old.status is RunStatus.LIVE, old.outcome.reason
    with Load(stack, popular_items(stack, old)) as load:
        run = follow(stack, drop(stack, after))
        assert run.status is RunStatus.LIVE, run.outcome.reason
        settle(stack, run.run_id)
        await_source(load, "endpoint", time.monotonic(), 300, run.run_id)
    assert load.failures == []
    assert len(load.answers) > 50


@pytest.mark.parametrize(
    "how", [pytest.param("killed", marks=pytest.mark.slow), pytest.param("hung", marks=pytest.mark.soak)]
)
def test_an_endpoint_that_dies_under_load_is_stood_in_for_and_recovers(
    stack: Stack, live_run: Run, state_dir: Path, how: str
) -> None:
    with Load(stack, popular_items(stack, live_run)) as load:
        begin = time.monotonic()
        await_source(load, "endpoint", begin, 120)
        died = time.monotonic()
        try:
            while "batch" not in load.sources(ENDPOINT_FIRST, died) and time.monotonic() < died + 300:
                # What is killed is started again: it is kept down until somebody noticed.
                signal_serving_programs(state_dir, signal.SIGKILL if how == "killed" else signal.SIGSTOP)
                time.sleep(0.1)
        finally:
            signal_serving_programs(state_dir, signal.SIGCONT)
        await_source(load, "batch", died, 1)
        await_source(load, "endpoint", time.monotonic(), 300)
    assert load.failures == []
