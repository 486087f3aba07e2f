"""The schedule fires on the local cloud, and trains only when there is something new to learn."""

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec_shared.core.status import ENDED, RunStatus
from retailrec_shared.ledger.run import Run
from tests.e2e.conftest import drop, follow
from tests.e2e.test_marketplace import CAPABILITIES, ended

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
ROWS = 20_000
NIGHTLY = {"TrainOnAppend": "false", "RetrainSchedule": "cron(* * * * ? *)"}  # with minutes for nights
NEVER = {"TrainOnAppend": "true", "RetrainSchedule": ""}
# The cloud looks at its schedules every ten seconds, and a schedule's first minute begins then.
SECONDS = 900.0


def configure(stack: Stack, parameters: dict[str, str]) -> None:
    """Update the stack as `sam deploy` with other parameters does."""
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in stack.parameters.keys() - parameters]
    changed = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    formation = stack.aws("cloudformation")
    formation.update_stack(
        StackName=stack.name,
        UsePreviousTemplate=True,
        Capabilities=CAPABILITIES,
        Parameters=[*changed, *kept],
    )
    assert ended(formation, stack.name) == "UPDATE_COMPLETE"


@pytest.fixture(scope="module")
def shop(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop's file, all of it live on the stack but the newest rows, which are in a second file."""
    path = tmp_path_factory.mktemp("nightly") / "shop.csv"
    write(path, Shape.of_rows(ROWS), seed=23)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    rows.sort(key=lambda row: row[header.index("InvoiceDate")])
    for name, part in (("shop.csv", rows[:-500]), ("newest.csv", rows[-500:])):
        with path.with_name(name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *part])
    run = follow(stack, drop(stack, path, "nightly.csv"))
    assert run.status is RunStatus.LIVE, run.outcome.reason
    return path


@pytest.fixture(scope="module")
def nightly(stack: Stack, shop: Path) -> Iterator[Stack]:
    """The stack as a shop with frequent exports has it: they are collected, and a schedule trains."""
    configure(stack, NIGHTLY)
    try:
        yield stack
    finally:
        configure(stack, NEVER)


def until(found: Callable[[], object]) -> None:
    """Wait until something is found."""
    deadline = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < deadline, "the schedule did not do it"
        time.sleep(0.5)


def times_idle(stack: Stack, since: float) -> int:
    """Count how often the schedule found nothing to do."""
    found = stack.logs().filter_log_events(
        logGroupName=stack.log_group, startTime=int(since * 1000), filterPattern='"nothing has changed"'
    )
    return sum('"nothing has changed"' in each["message"] for each in found["events"])


def retrainings(stack: Stack) -> list[Run]:
    return [run for run in stack.ledger().runs() if run.dataset.retrains]


def test_a_schedule_makes_no_run_while_nothing_changes(nightly: Stack) -> None:
    begun, before = time.time(), {run.run_id for run in nightly.ledger().runs()}
    until(lambda: times_idle(nightly, begun))
    assert {run.run_id for run in nightly.ledger().runs()} == before


def test_what_was_collected_is_trained_by_schedule_once_and_goes_live(nightly: Stack, shop: Path) -> None:
    before = {run.run_id for run in retrainings(nightly)}
    collected = follow(nightly, drop(nightly, shop.with_name("newest.csv"), "append/newest.csv"))
    assert collected.status is RunStatus.COLLECTED

    def new() -> Run | None:
        return next((run for run in retrainings(nightly) if run.run_id not in before), None)

    until(lambda: (run := new()) and run.status in ENDED)
    run = new()
    assert run
    assert (run.status, run.dataset.retrains) == (RunStatus.LIVE, collected.run_id), run.outcome.reason
    until(lambda: nightly.api().get("/model")["run_id"] == run.run_id)
    begun = time.time()
    until(lambda: times_idle(nightly, begun))
    assert len(retrainings(nightly)) == len(before) + 1
