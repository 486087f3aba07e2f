"""The algorithm's image, and an /opt/ml as SageMaker lays it out."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.containers import image
from tests import needs

# What SageMaker gives a container in network isolation, and less: no root, nothing but /opt/ml to write.
CONFINED = ["--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]

# Inside the container, since it has no network.
ASK = """
import sys, urllib.error, urllib.request
path, body = sys.argv[1:]
headers = {"Content-Type": "application/json"}
request = urllib.request.Request("http://127.0.0.1:8080" + path, body.encode() or None, headers)
try:
    answer = urllib.request.urlopen(request, timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode())
"""


@pytest.fixture(scope="session")
def built() -> str:
    needs.docker()
    image.build()
    return image.IMAGE


def docker(*arguments: str, timeout: float = 900) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=timeout
    )


@dataclass
class Container:
    """One container of the image over a mounted folder."""

    image: str
    ml: Path
    name: str

    def run(self, command: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """Run to the end."""
        return docker("run", "--name", self.name, *self.options(options), self.image, command)

    def start(self, command: str, *options: str) -> None:
        """Start and leave it running."""
        started = docker("run", "--detach", "--name", self.name, *self.options(options), self.image, command)
        assert started.returncode == 0, started.stderr

    def options(self, more: tuple[str, ...]) -> list[str]:
        return [*CONFINED, "--volume", f"{self.ml}:/opt/ml", *more]

    def python(self, code: str) -> "subprocess.CompletedProcess[str]":
        """Run Python inside."""
        return docker("exec", self.name, "python", "-c", code)

    def ask(self, path: str, body: object = None) -> tuple[int, str]:
        """Send a request from inside; return status and body."""
        ended = docker("exec", self.name, "python", "-c", ASK, path, "" if body is None else json.dumps(body))
        if ended.returncode:
            return 0, ended.stderr
        status, _, text = ended.stdout.partition("\n")
        return int(status), text.strip()

    def log(self) -> str:
        found = docker("logs", self.name)
        return found.stdout + found.stderr


def opt_ml(folder: Path, rows: str, hyperparameters: dict[str, str]) -> Path:
    """Lay out /opt/ml with one channel; the image's own user may write there."""
    for below in ("input/config", "input/data/training", "model", "output/data"):
        (folder / below).mkdir(parents=True)
    (folder / "input/data/training/interactions.csv").write_text(rows)
    (folder / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
    for path in (folder, folder / "model", folder / "output", folder / "output/data"):
        path.chmod(0o777)
    return folder


@contextmanager
def a_container(built: str, folder: Path) -> Iterator[Container]:
    """Prepare a container over a folder of its own; it is removed in the end."""
    folder.chmod(0o755)
    made = Container(built, folder / "ml", f"retailrec-test-{uuid.uuid4().hex[:12]}")
    try:
        yield made
    finally:
        docker("rm", "--force", made.name)


@pytest.fixture
def container(built: str, tmp_path: Path) -> Iterator[Container]:
    with a_container(built, tmp_path) as made:
        yield made
