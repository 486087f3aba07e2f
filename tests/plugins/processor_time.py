"""Each test's processor time: the ten largest are printed, and one above ``--processor-limit`` fails the run.

Processor time is of the test's own process and of all processes below it, alive or ended. It does not change
with the load of the machine as wall time does. Not seen: what Docker's engine runs, and daemons that left
the tree; the whole verb's time (``scripts/processor_time.py``) has the latter.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PROPERTY = "processor seconds"
SHOWN = 10
TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")  # not on every system; without it only processes that were waited for are counted
PARENT, TIMES = 1, (11, 12, 13, 14)  # fields of /proc/PID/stat, counted behind the name


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("gate").addoption(
        "--processor-limit", type=float, metavar="SECONDS", help="most processor time that one test may take"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Measuring() if is_worker(config) else _Reporting(config))


def is_worker(config: pytest.Config) -> bool:
    """Return whether this is one of xdist's workers."""
    return hasattr(config, "workerinput")


class _Measuring:
    """Notes in each phase's report what was spent since the last one."""

    def __init__(self) -> None:
        self._before = 0.0

    def pytest_collection_finish(self) -> None:
        self._before = spent()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        report: pytest.TestReport = yield  # type: ignore[assignment]
        now = spent()
        report.user_properties.append((PROPERTY, now - self._before))
        self._before = now
        return report  # type: ignore[return-value]


class _Reporting(_Measuring):
    """Adds up what the workers, or this process itself, measured."""

    def __init__(self, config: pytest.Config) -> None:
        super().__init__()
        self._limit: float | None = config.option.processor_limit
        self._seconds: dict[str, float] = defaultdict(float)
        self._wall: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += sum(
            float(str(value)) for name, value in report.user_properties if name == PROPERTY
        )
        self._wall[report.nodeid] += report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._above() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._seconds:
            return
        total = sum(self._seconds.values())
        terminalreporter.section(f"processor time: {total:.0f} s in {len(self._seconds)} tests; the largest")
        for test in sorted(self._seconds, key=self._seconds.__getitem__, reverse=True)[:SHOWN]:
            terminalreporter.line(f"{self._seconds[test]:7.1f} s  (wall {self._wall[test]:6.1f} s)  {test}")
        for test in self._above():
            terminalreporter.line(
                f"FAILED {test}: {self._seconds[test]:.1f} s of processor time, "
                f"the limit is {self._limit:.0f} s: make it cheaper, or mark it slow or soak",
                red=True,
            )

    def _above(self) -> list[str]:
        if self._limit is None:
            return []
        return [test for test, seconds in self._seconds.items() if seconds > self._limit]


def spent() -> float:
    """Return the processor seconds of this process and of all below it."""
    own = sum(os.times()[:4])
    return own + _below(os.getpid()) if PROC.is_dir() and _has_children() else own


def _has_children() -> bool:
    """Return whether this process has a child; without one, the costly look through /proc is spared."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _below(top: int) -> float:
    """Return the processor seconds of all processes below one, with what they waited for."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        parents[int(stat.parent.name)] = int(fields[PARENT])
        seconds[int(stat.parent.name)] = sum(int(fields[field]) for field in TIMES) / TICKS
    below = {top}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(seconds[pid] for pid in below - {top})
