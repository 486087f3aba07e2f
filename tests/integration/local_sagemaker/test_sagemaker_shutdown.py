import os
import signal
import subprocess
from pathlib import Path

import pytest

from local.ports import free_port
from tests.integration.local_sagemaker.laptop import PATIENCE, Laptop, sagemaker, wait_until


def descendants_of(pid: int) -> set[int]:
    """Every process below one, as far as it can be seen now."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in table.splitlines()]
    found: set[int] = set()
    while more := {child for child, parent in pairs if parent in found | {pid}} - found:
        found |= more
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that nobody has waited for yet is as good as gone.
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(laptop: Laptop, tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    name = f"left-{number.name.lower()}"
    with sagemaker(port, laptop.aws, tmp_path, "--no-auth") as process:
        guest = laptop.beside(port)
        guest.make_endpoint(name)
        guest.train(name, "hang")
        wait_until(lambda: "hanging" in guest.admin("GET", f"/_logs/training-job/{name}"))
        family = descendants_of(process.pid)
        assert len(family) >= 4, "server, watchdog, train with its child, serve"

        process.send_signal(number)
        code = process.wait(timeout=PATIENCE)

    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    try:
        wait_until(lambda: not [pid for pid in family if alive(pid)])
    finally:
        for pid in filter(alive, family):
            os.kill(pid, signal.SIGKILL)


def test_a_server_that_was_killed_knows_its_account_again(laptop: Laptop, tmp_path: Path) -> None:
    port = free_port()
    with sagemaker(port, laptop.aws, tmp_path, "--no-auth") as process:
        guest = laptop.beside(port)
        guest.make_endpoint("stays")
        guest.train("ends-not", "hang")
        wait_until(lambda: "hanging" in guest.admin("GET", "/_logs/training-job/ends-not"))
        before = guest.sm.describe_model(ModelName="stays")
        process.kill()
        process.wait(timeout=PATIENCE)

    with sagemaker(port, laptop.aws, tmp_path, "--no-auth"):
        guest = laptop.beside(port)
        after = guest.sm.describe_model(ModelName="stays")
        assert (after["CreationTime"], after["PrimaryContainer"]) == (
            before["CreationTime"], before["PrimaryContainer"],
        )  # fmt: skip
        job = guest.sm.describe_training_job(TrainingJobName="ends-not")
        assert job["TrainingJobStatus"] == "Failed"
        assert job["FailureReason"].startswith("InternalServerError")
        assert guest.settled("stays")["EndpointStatus"] == "InService"
        assert guest.ask("stays")["model"] == "stays"
