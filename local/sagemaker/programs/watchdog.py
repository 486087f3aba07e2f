"""Ends the programs of a server that was killed and could not end them itself.

A small process of its own: it reads process groups from its standard input,
and kills those still listed when the input ends, however its writer died.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable


class Watchdog:
    """The server's side."""

    def __init__(self) -> None:
        # -I and -S: it needs nothing but the standard library, and starts in 10 ms. A session of its own
        # keeps Ctrl-C away from it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, bufsize=0, start_new_session=True
        )

    def add(self, group: int) -> None:
        """Kill this process group if the server dies."""
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forget a group that ended."""
        self._send(f"-{group}\n")

    def close(self) -> None:
        """End the watchdog and wait for it."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _send(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin:
                self._process.stdin.write(line.encode())


def watch(lines: Iterable[str]) -> None:
    """Follow the list of groups until it ends, then kill what it still holds."""
    groups: set[int] = set()
    for line in lines:
        sign, group = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    watch(sys.stdin)
