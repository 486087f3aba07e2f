"""The algorithm's image, and an /opt/ml as SageMaker lays it out."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.containers import image
from tests import needs

# As SageMaker runs a container in network isolation: as root, with Docker's own capabilities.
ISOLATED = ["--network", "none"]
# Less than that: root without root's rights, and nothing but /opt/ml to write to.
CONFINED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
# As Serverless Inference runs it: as a user of its own choice, who can write to /tmp alone.
ANOTHER_UID = 54321
SERVERLESS = [*CONFINED, "--tmpfs", "/tmp", "--user", f"{ANOTHER_UID}:{ANOTHER_UID}"]  # noqa: S108 - the container's own

# Inside the container, since it has no network.
ASK = """
import sys, urllib.error, urllib.request
port, path, body = sys.argv[1:]
headers = {"Content-Type": "application/json"}
request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode() or None, headers)
try:
    answer = urllib.request.urlopen(request, timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode())
"""
CHOWN = """
import os, sys
for parent, folders, files in os.walk("/given"):
    for name in (".", *files):
        os.chown(os.path.join(parent, name), int(sys.argv[1]), int(sys.argv[1]))
"""


@pytest.fixture(scope="session")
def built() -> str:
    needs.docker()
    image.build()
    # Not the tag, which another build may move meanwhile.
    return docker("image", "inspect", "--format", "{{.Id}}", image.IMAGE).stdout.strip()


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
    port: int = 8080

    def run(self, command: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """Run to the end."""
        return docker("run", "--name", self.name, *self.options(options), self.image, command)

    def start(self, command: str, *options: str) -> None:
        """Start and leave it running."""
        started = docker("run", "--detach", "--name", self.name, *self.options(options), self.image, command)
        assert started.returncode == 0, started.stderr

    def options(self, more: tuple[str, ...]) -> list[str]:
        return [*ISOLATED, "--volume", f"{self.ml}:/opt/ml", *more]

    def python(self, code: str) -> "subprocess.CompletedProcess[str]":
        """Run Python inside, as the user that the container started as."""
        return docker("exec", self.name, "python", "-c", code)

    def ask(self, path: str, body: object = None) -> tuple[int, str]:
        """Send a request from inside; return status and body."""
        sent = "" if body is None else json.dumps(body)
        ended = docker("exec", self.name, "python", "-c", ASK, str(self.port), path, sent)
        if ended.returncode:
            return 0, ended.stderr
        status, _, text = ended.stdout.partition("\n")
        return int(status), text.strip()

    def runs(self) -> bool:
        """Return whether it has not ended."""
        return docker("inspect", "--format", "{{.State.Running}}", self.name).stdout.strip() == "true"

    def log(self) -> str:
        found = docker("logs", self.name)
        return found.stdout + found.stderr

    def lay_out(self, rows: str, hyperparameters: dict[str, str]) -> None:
        """Lay out /opt/ml with one channel, as SageMaker mounts it."""
        for below in ("input/config", "input/data/training", "model", "output/data"):
            (self.ml / below).mkdir(parents=True)
        (self.ml / "input/data/training/interactions.csv").write_text(rows)
        (self.ml / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
        self.mount_as_sagemaker_does()

    def mount_as_sagemaker_does(self) -> None:
        """Let root own every folder, with mode 0755, and every file, with mode 0644."""
        for path in (self.ml, *self.ml.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.give("", 0)

    def give(self, below: str, uid: int) -> None:
        """Let a user own a folder below /opt/ml, and all in it."""
        folder = self.ml / below
        if os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, uid, uid)
            return
        # Only root may do this; a user who may start containers is root there.
        arguments = ["--rm", "--user", "0:0", *ISOLATED, "--volume", f"{folder}:/given", self.image]
        ended = docker("run", *arguments, "python", "-c", CHOWN, str(uid))
        assert ended.returncode == 0, ended.stderr


@contextmanager
def a_container(built: str, folder: Path, port: int = 8080) -> Iterator[Container]:
    """Prepare a container over a folder of its own; it is removed in the end."""
    folder.chmod(0o755)
    made = Container(built, folder / "ml", f"retailrec-test-{uuid.uuid4().hex[:12]}", port)
    made.ml.mkdir()
    try:
        yield made
    finally:
        docker("rm", "--force", made.name)
        if os.getuid():
            made.give("", os.getuid())  # pytest removes it


@pytest.fixture
def container(built: str, tmp_path: Path) -> Iterator[Container]:
    with a_container(built, tmp_path) as made:
        yield made
