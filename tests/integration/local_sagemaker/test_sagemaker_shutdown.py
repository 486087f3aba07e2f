import os
import signal
import subprocess
from pathlib import Path

import pytest

from local.sagemaker.programs.ports import free_port
from tests.integration.local_sagemaker.laptop import PATIENCE, Laptop, sagemaker, wait_until


def processes() -> list[tuple[int, int, str]]:
    """Every process: its id, its parent's, and its state; one that nobody has waited for yet is a Z."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split() for line in table.splitlines()]
    return [(int(pid), int(parent), state) for pid, parent, state in rows]


def descendants_of(pid: int) -> set[int]:
    """Every process below one, as far as it can be seen now."""
    table = processes()
    found: set[int] = set()
    while more := {child for child, parent, _ in table if parent in found | {pid}} - found:
        found |= more
    return found


def alive(family: set[int]) -> set[int]:
    """Return those that still run; a process that nobody has waited for yet is as good as gone."""
    return {pid for pid, _, state in processes() if pid in family and not state.startswith("Z")}


def at_work(laptop: Laptop, name: str, process: subprocess.Popen[bytes]) -> set[int]:
    """Let a server have an endpoint and a training job at work; returns its processes below it."""
    laptop.make_endpoint(name)
    laptop.train(name, "hang")
    wait_until(lambda: "hanging" in laptop.admin("GET", f"/_logs/training-job/{name}"))
    family = descendants_of(process.pid)
    assert len(family) >= 4, "server, watchdog, train with its child, serve"
    return family


def all_end(family: set[int]) -> None:
    try:
        wait_until(lambda: not alive(family))
    finally:
        for pid in alive(family):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_server_that_is_asked_to_end_leaves_nothing_behind(
    laptop: Laptop, tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    with sagemaker(port, laptop.aws, tmp_path, "--no-auth") as process:
        family = at_work(laptop.second_server(port), f"left-{number.name.lower()}", process)
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == 0
    all_end(family)
    assert "Unclosed" not in (tmp_path / "sagemaker.log").read_text(), "aiohttp reports what was not closed"


def test_a_server_that_was_killed_leaves_nothing_behind_and_knows_its_account_again(
    laptop: Laptop, tmp_path: Path
) -> None:
    port = free_port()
    with sagemaker(port, laptop.aws, tmp_path, "--no-auth") as process:
        guest = laptop.second_server(port)
        family = at_work(guest, "stays", process)
        before = guest.sm.describe_model(ModelName="stays")
        process.kill()
        process.wait(timeout=PATIENCE)
    all_end(family)

    with sagemaker(port, laptop.aws, tmp_path, "--no-auth"):
        guest = laptop.second_server(port)
        after = guest.sm.describe_model(ModelName="stays")
        assert (after["CreationTime"], after["PrimaryContainer"]) == (
            before["CreationTime"], before["PrimaryContainer"],
        )  # fmt: skip
        job = guest.sm.describe_training_job(TrainingJobName="stays")
        assert job["TrainingJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("InternalServerError")
        # SystemUpdating until its program answers.
        wait_until(lambda: guest.settled("stays")["EndpointStatus"] == "InService")
        assert guest.ask("stays")["model"] == "stays"
