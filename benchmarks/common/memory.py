"""What processes hold in memory and take of the processor, as Linux counts it."""

import os
from pathlib import Path


def children(pid: int) -> list[int]:
    """Children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    """Processor time that a process took so far, in its own code and the kernel's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / int(os.sysconf("SC_CLK_TCK"))


def resident(pid: int) -> int:
    """Bytes that a process has in memory, those shared with others in full."""
    return _of(pid, "Rss")


def proportional(pid: int) -> int:
    """Bytes that a process has in memory, each page divided by the number of processes that share it."""
    return _of(pid, "Pss")


def _of(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{name} is not in smaps_rollup")
