"""What some tests need and not every machine has: without it they skip, by a reason that names it.

``tests/plugins/skipped.py`` finds these reasons: in continuous integration nothing may be missing.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from local.containers import engine
from tests import browser
from tests.environment import ROOT

SHARED = ROOT.parent / "shared"
REAL_DATA = Path(os.environ.get("RETAILREC_REAL_DATA") or SHARED / "data" / "online_retail_II.xlsx")

DOCKER, COMPOSE, CHROMIUM, DATA, CURL = "Docker", "Docker Compose", "Chromium", "the real data set", "curl"
BENCHMARKS, SDK = "the benchmarks' environment", "the SageMaker Python SDK"
REGISTRY = "docker-registry"
HOW = {
    DOCKER: "install Docker and start it; on Debian, as root, `make test-tools`",
    COMPOSE: "install Docker Compose 2, or docker-compose; on Debian, as root, `make test-tools`",
    CHROMIUM: "install Chromium, or name it by RETAILREC_CHROMIUM; on Debian, as root, `make test-tools`",
    DATA: "set RETAILREC_REAL_DATA to online_retail_II.xlsx, the UCI repository's dataset 502",
    CURL: "install curl, 7.75 or newer",
    REGISTRY: "install docker-registry (its program is enough); on Debian, as root, `make test-tools`",
    BENCHMARKS: "run `make .venv-bench/installed`, as `make test-slow` does",
    SDK: "run `make .venv-sdk/installed`, as `make test-slow` does",
}


def in_ci(what: str) -> bool:
    """Return whether CI has to have it: the data set only where its folder exists."""
    return what != DATA or SHARED.is_dir()


def reason(what: str) -> str:
    """Return the reason by which a test skips."""
    return f"needs {what}: {HOW[what]}"


with_chromium = pytest.mark.skipif(browser.chromium() is None, reason=reason(CHROMIUM))
with_curl = pytest.mark.skipif(shutil.which("curl") is None, reason=reason(CURL))
with_real_data = pytest.mark.skipif(not REAL_DATA.is_file(), reason=reason(DATA))


def skip(what: str) -> NoReturn:
    """Skip the test for want of something."""
    pytest.skip(reason(what))


def docker() -> None:
    """Start a Docker engine unless one runs; skip the test where the machine has none."""
    if engine.starter() is None and not engine.available():
        skip(DOCKER)
    engine.ensure()


def sdk() -> Path:
    """Return the Python that has the SageMaker Python SDK; skip the test without it or Docker Compose."""
    docker()
    if shutil.which("docker-compose") is None and not _has_compose():
        skip(COMPOSE)
    return sdk_python()


def sdk_python() -> Path:
    """Return the Python that has the SageMaker Python SDK; skip the test without it."""
    python = ROOT / ".venv-sdk" / "bin" / "python"
    return python if python.is_file() else skip(SDK)


def _has_compose() -> bool:
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False, timeout=60)
    return asked.returncode == 0 and b"v2" in asked.stdout  # the SDK knows no other version


def chromium() -> str:
    """Return the path of the browser; skip the test where there is none."""
    return browser.chromium() or skip(CHROMIUM)


def registry() -> str:
    """Return the path of a registry's program; skip the test where there is none."""
    return shutil.which("docker-registry") or skip(REGISTRY)


def real_data() -> Path:
    """Return the path of Online Retail II; skip the test where it is absent."""
    return REAL_DATA if REAL_DATA.is_file() else skip(DATA)
