"""What tests need beside Python, and how to get it; a test that finds it missing skips and says which."""

import os
from pathlib import Path

import pytest

from local.containers import engine
from tests import browser

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
REAL_DATA = Path(os.environ.get("RETAILREC_REAL_DATA", SHARED / "data" / "online_retail_II.xlsx"))

DOCKER, CHROMIUM, DATA = "Docker", "Chromium", "the real data set"
HOW = {
    DOCKER: "install Docker and start it; on Debian, as root, `make test-tools`",
    CHROMIUM: "install Chromium, or name it by RETAILREC_CHROMIUM; on Debian, as root, `make test-tools`",
    DATA: "set RETAILREC_REAL_DATA to online_retail_II.xlsx, the UCI repository's dataset 502",
}


def in_ci(what: str) -> bool:
    """Return whether CI has to have it: the data set only where its folder is there."""
    return what != DATA or SHARED.is_dir()


def docker() -> None:
    """See that a Docker engine runs, or skip."""
    if engine.starter() is None and not engine.available():
        _skip(DOCKER)
    engine.ensure()


def chromium() -> str:
    """Return the path of a Chromium, or skip."""
    return browser.chromium() or _skip(CHROMIUM)


def real_data() -> Path:
    """Return the path of the real data set, or skip."""
    if not REAL_DATA.is_file():
        _skip(DATA)
    return REAL_DATA


def _skip(what: str) -> str:
    pytest.skip(f"needs {what}: {HOW[what]}")
