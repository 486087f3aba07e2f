"""The cloud's processes are not confused with others, and its clients from other accounts."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import lifecycle, processes, services
from local.cloud.state import Running
from local.sagemaker.programs.ports import PORTS

SLEEP = [sys.executable, "-c", "import time; time.sleep(3600)"]


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETAILREC_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process that leads a group of its own and is none of ours."""
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process.pid
    process.kill()
    process.wait()


def running(state_dir: Path, pid: int, born: str) -> Running:
    state = Running(
        aws_url="http://127.0.0.1:1", sagemaker_url="http://127.0.0.1:2", state_dir=state_dir, started_at="x",
        deployed=True,
    )  # fmt: skip
    return state.with_process("ministack", pid, born)


def test_a_stranger_with_our_old_pid_is_neither_up_nor_killed(state_dir: Path, stranger: int) -> None:
    running(state_dir, stranger, "before the crash")
    assert lifecycle.running() is None
    lifecycle.down(lambda _line: None)
    assert processes.start_time(stranger), "the stranger lives"
    assert Running.load() is None


def test_our_own_process_is_up_and_then_gone_with_its_group(state_dir: Path) -> None:
    pid = processes.start(SLEEP, os.environ, state_dir / "log", state_dir)
    running(state_dir, pid, processes.start_time(pid))
    assert lifecycle.running() is not None
    lifecycle.down(lambda _line: None)
    assert processes.start_time(pid) == ""


def test_a_group_whose_leader_has_ended_is_stopped_too(state_dir: Path) -> None:
    orphans = [sys.executable, "-c", f"import subprocess; subprocess.Popen({SLEEP!r})"]
    pid = processes.start(orphans, os.environ, state_dir / "log", state_dir)
    born = processes.start_time(pid)
    processes.wait(pid)
    assert processes.group_alive(pid)
    processes.stop(pid, born)
    assert not processes.group_alive(pid)


def test_a_process_that_ended_before_it_was_looked_at_still_has_its_exit_code(state_dir: Path) -> None:
    pid = processes.start(
        [sys.executable, "-c", "raise SystemExit(7)"], os.environ, state_dir / "log", state_dir
    )
    deadline = time.monotonic() + 300
    while processes.start_time(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert processes.wait(pid) == 7


def test_a_process_that_ends_while_it_is_looked_at_is_gone(
    stranger: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_text

    def ends(path: Path, *arguments: Any, **options: Any) -> str:
        if path == Path("/proc", str(stranger), "stat"):
            raise ProcessLookupError(errno.ESRCH, "No such process")  # as Linux answers after the open
        return read(path, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", ends)
    assert processes.start_time(stranger) == ""


def test_an_unreadable_state_counts_as_none(state_dir: Path) -> None:
    (state_dir / "cloud.json").write_text("{half")
    assert lifecycle.running() is None


def test_neither_an_account_nor_a_proxy_of_the_users_reaches_the_cloud(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "https_proxy", "no_proxy", "PYTHONPATH"):
        monkeypatch.setenv(name, "mine")
    found = services.client_environment(running(state_dir, 1, ""))
    assert "mine" not in found.values()
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert found["AWS_ENDPOINT_URL_SAGEMAKER"] == "http://127.0.0.1:2"
    assert found["PATH"] == os.environ["PATH"]


def test_a_taken_port_is_passed_over() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        usual = taken.getsockname()[1]
        assert services._port("NO_SUCH_VARIABLE", usual) in PORTS  # no client takes it before the server


def test_others_read_nothing_in_a_folder_that_was_there_before(state_dir: Path) -> None:
    state_dir.chmod(0o755)
    (state_dir / "old.log").touch(0o644)
    state = services.plan().save()
    for log in ("new.log", "old.log"):
        processes.wait(processes.start(["true"], os.environ, state_dir / log, state_dir))
    lifecycle.down(lambda _line: None)
    services._commands(state)  # makes the folder of temporary files
    found = {path.name: path.stat().st_mode & 0o077 for path in state_dir.iterdir()}
    assert found == {"lock": 0, "new.log": 0, "old.log": 0, "tmp": 0}
