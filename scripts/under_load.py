"""Run a command while busy processes compete with it for the processors.

``python scripts/under_load.py PROCESSES COMMAND...`` ends with the command's exit code.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# They end with this process, should it be killed.
PROGRAM = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(100_000): pass
"""


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep processors busy with a number of processes; none is left."""
    command = [sys.executable, "-c", PROGRAM, str(os.getpid())]
    busy = [subprocess.Popen(command, stdin=subprocess.DEVNULL) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
        for process in busy:
            process.wait()


if __name__ == "__main__":
    with load(int(sys.argv[1])):
        code = subprocess.run(sys.argv[2:], check=False).returncode
    sys.exit(code)
