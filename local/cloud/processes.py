"""Starting and stopping the cloud's processes, each with all that it started itself.

Every process leads a process group of its own: a Ctrl-C in the terminal does not
reach it, and ending the group ends its workers too.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STOP_SECONDS = 10.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# The processes that this very process started; others are known by their pid alone.
_children: dict[int, "subprocess.Popen[bytes]"] = {}


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM: the pid of a new process must be saved first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = {number: signal.signal(number, hold) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path) -> int:
    """Start a process that leads its own group; return its pid."""
    log.parent.mkdir(parents=True, exist_ok=True)
    for child in _children.values():
        child.poll()  # those that were killed are not left as zombies
    with log.open("ab") as output:
        os.fchmod(output.fileno(), 0o600)  # the folder may be one that others can read
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    return process.pid


def start_time(pid: int) -> str:
    """Return when a process started, in the system's own format; empty if it does not run.

    Pid and start time together identify a process: after a crash or a reboot, another
    process may have the same pid.
    """
    _reap(pid)
    stat = Path("/proc", str(pid), "stat")
    if Path("/proc/self/stat").exists():  # Linux: field 22, in clock ticks since the boot
        try:
            return f"{_boot_id()} {stat.read_text().rpartition(')')[2].split()[19]}"
        except (FileNotFoundError, ProcessLookupError):  # the second, if it ends while it is read
            return ""
    listed = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def alive(pid: int, started: str) -> bool:
    """Return whether a process that we started still runs."""
    return bool(started) and start_time(pid) == started


def group_alive(pid: int) -> bool:
    """Return whether any process of a group still runs, its leader or another."""
    _reap(pid)
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # another user's group by now
    return True


def wait(pid: int) -> int:
    """Wait for a child to end; return its exit code."""
    return _children[pid].wait()


def stop(pid: int, started: str | None = None) -> None:
    """End a process and its group, by SIGTERM, then by SIGKILL; return when all of it has ended.

    With ``started``, another process with the same pid is left alone. A group whose leader has
    ended is still ours: the system does not reuse a pid while its group exists.
    """
    if started is not None and start_time(pid) not in {started, ""}:
        return
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not group_alive(pid):
                return
            time.sleep(0.05)


def _reap(pid: int) -> None:
    """Collect a child that ended; one that another process started is not ours to collect."""
    if pid in _children:
        _children[pid].poll()  # keeps the exit code, for `wait`
