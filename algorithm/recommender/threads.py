"""How many CPUs this process may use (a container's host has more), and how many BLAS uses."""

import math
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

CGROUPS = Path("/sys/fs/cgroup")


def usable_cpus(environment: Mapping[str, str] = os.environ, cgroups: Path = CGROUPS) -> int:
    """Return the smallest of affinity, cgroup quota and ``SM_NUM_CPUS``; at least 1."""
    limits = [_affinity(), _quota(cgroups), _wanted(environment)]
    return max(1, min(limit for limit in limits if limit is not None))


def blas_threads(count: int) -> AbstractContextManager[object]:
    """Limit the threads of numpy's BLAS for the length of a with block."""
    limits: AbstractContextManager[object] = threadpool_limits(count, "blas")
    return limits


def _affinity() -> int:
    get_affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(get_affinity(0)) if get_affinity else os.cpu_count() or 1


def _wanted(environment: Mapping[str, str]) -> int | None:
    text = environment.get("SM_NUM_CPUS", "")
    return int(text) if text.isdecimal() else None


def _quota(cgroups: Path) -> int | None:
    """Return the CPU quota of cgroup v2 or v1 in CPUs, rounded up; None when unlimited."""
    for names in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        try:
            quota, period = " ".join((cgroups / name).read_text() for name in names).split()
            return math.ceil(int(quota) / int(period)) if int(quota) > 0 else None
        except (OSError, ValueError, ZeroDivisionError):  # absent, or "max": no limit here
            continue
    return None
