"""Run a verb of the Makefile; say at its end the processor time of all its processes, and the wall time.

``python scripts/processor_time.py NAME COMMAND...`` ends with the command's exit code.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def adopt_orphans() -> None:
    """Become the parent of what the command leaves running, so that its time counts, too; Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(command: list[str]) -> int:
    """Run a command to its end; return its exit code, 128 and the signal where one ended it."""
    adopt_orphans()
    started: list[int] = []
    ended: list[int] = []

    def end(number: int, _frame: object) -> None:
        ended.append(number)
        for pid in started:
            os.kill(pid, number)

    # Set before the command starts, which inherits no handler; the terminal sends SIGINT to it as well.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, end)
    child = subprocess.Popen(command)
    started.append(child.pid)
    if ended:
        child.terminate()
    while True:
        pid, status = os.wait()  # the command's orphans are reaped on the way
        if pid == child.pid:
            started.clear()
            child.returncode = os.waitstatus_to_exitcode(status)
            return child.returncode if child.returncode >= 0 else 128 - child.returncode


def in_words(seconds: float) -> str:
    """Return a duration in minutes and seconds."""
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes} min {left:02} s"


def main(name: str, command: list[str]) -> int:
    """Run the command of a verb and print what it took; return its exit code."""
    began = time.monotonic()
    code = run(command)
    times = os.times()
    spent = times.children_user + times.children_system
    sys.stdout.write(
        f"make {name}: {'passed' if code == 0 else 'FAILED'}, {in_words(spent)} of processor time, "
        f"{in_words(time.monotonic() - began)} in all\n"
    )
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
