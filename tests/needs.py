"""What some tests need and not every machine has: without it they skip.

Each reason begins with one of the prefixes below, by which continuous integration, where nothing may be
missing, finds the tests that did not run.
"""

import os
from pathlib import Path

import pytest

from local.containers import engine
from tests import browser
from tests.environment import ROOT

NO_DOCKER = "needs Docker: no engine runs here, and the machine has no script that starts one"
NO_CHROMIUM = "needs Chromium: none is on the PATH, and RETAILREC_CHROMIUM names none"
NO_REAL_DATA = "needs the real data set: RETAILREC_REAL_DATA names no file, nor is it below ../shared/data"
NO_BENCHMARKS = "needs .venv-bench: `make .venv-bench/installed` makes it"

REAL_DATA = Path(
    os.environ.get("RETAILREC_REAL_DATA") or ROOT.parent / "shared" / "data" / "online_retail_II.xlsx"
)

with_chromium = pytest.mark.skipif(browser.chromium() is None, reason=NO_CHROMIUM)
with_real_data = pytest.mark.skipif(not REAL_DATA.is_file(), reason=NO_REAL_DATA)


def docker() -> None:
    """Start a Docker engine unless one runs; skip the test where the machine has none."""
    if engine.starter() is None and not engine.available():
        pytest.skip(NO_DOCKER)
    engine.ensure()


def chromium() -> str:
    """Return the path of the browser; skip the test where there is none."""
    found = browser.chromium()
    if found is None:
        pytest.skip(NO_CHROMIUM)
    return found


def real_data() -> Path:
    """Return the path of Online Retail II; skip the test where it is absent."""
    if not REAL_DATA.is_file():
        pytest.skip(NO_REAL_DATA)
    return REAL_DATA
