"""What was skipped since the machine lacks a tool: listed in the last lines, and a failure in CI.

A test that needs something skips with a reason of :mod:`tests.needs`. On a person's machine the last lines
say what was not tested and how to get it. With ``CI=true`` such a skip fails the run: a test that skips
there has not run.
"""

import os
from collections import defaultdict

import pytest

from tests import needs
from tests.plugins.processor_time import is_worker


def pytest_configure(config: pytest.Config) -> None:
    if not is_worker(config):
        config.pluginmanager.register(_Skipped())


class _Skipped:
    def __init__(self) -> None:
        self._tests: dict[str, list[str]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and (what := _lacking(report.longrepr)):
            self._tests[what].append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._failing() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._tests:
            return
        terminalreporter.section("not tested on this machine")
        failing = self._failing()
        for what, tests in sorted(self._tests.items()):
            terminalreporter.line(f"{len(tests)} tests need {what}: {needs.HOW[what]}")
            if what in failing:
                terminalreporter.line(f"FAILED: CI has to have {what}, else {tests[0]} did not run", red=True)

    def _failing(self) -> list[str]:
        if os.environ.get("CI") != "true":
            return []
        return [what for what in self._tests if needs.in_ci(what)]


def _lacking(longrepr: object) -> str:
    """Return what a skipped test needs; empty for one that skips for another reason."""
    reason = str(longrepr[2] if isinstance(longrepr, tuple) else longrepr)
    return next((what for what in needs.HOW if f"needs {what}: " in reason), "")
