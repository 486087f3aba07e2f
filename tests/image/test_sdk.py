"""AWS's own client as a judge: the SageMaker Python SDK in local mode trains, deploys and asks the image."""

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.sagemaker.programs.ports import free_port
from tests import needs
from tests.image.conftest import docker
from tests.image.test_image import checkerboard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PROGRAM = Path(__file__).with_name("sdk_program.py")
NETWORK = "sagemaker-local"  # the SDK makes it and leaves it
SECONDS = 900
# The SDK finds credentials, and nothing that answers for them.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "example",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
}


@pytest.fixture
def tagged(built: str) -> Iterator[str]:
    """Give the image a name of its own; the containers of that name are removed in the end."""
    name = f"retailrec-sdk-test:{uuid.uuid4().hex[:12]}"
    networks = docker("network", "ls", "--format", "{{.Name}}").stdout.split()
    docker("tag", built, name)
    try:
        yield name
    finally:
        listed = docker("ps", "--all", "--format", "{{.ID}} {{.Image}}").stdout.splitlines()
        for container in (line.split()[0] for line in listed if line.endswith(f" {name}")):
            docker("rm", "--force", container)
        docker("rmi", name)
        if NETWORK not in networks:
            docker("network", "rm", NETWORK)


def lay_out(folder: Path) -> None:
    """Write the two channels, and a batch in which one customer is unknown."""
    for channel in ("training", "testing"):
        (folder / channel).mkdir()
        (folder / channel / "interactions.csv").write_text(checkerboard())
    (folder / "batch-input").mkdir()
    asked = [json.dumps({"user_id": user, "top_n": "3"}) for user in ("00003", "nobody", "00004")]
    (folder / "batch-input" / "customers.jsonl").write_text("\n".join(asked) + "\n")


def run(python: Path, image: str, folder: Path) -> dict[str, Any]:
    """Run the program with the SDK; return what it wrote. Nothing that it started outlives it."""
    kept = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST") if name in os.environ}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [python, PROGRAM, image, folder, str(free_port())],
            env={**kept, **ENVIRONMENT, "HOME": str(folder)},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert code == 0, (folder / "log").read_text()[-8000:]
    answers: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    return answers


def test_the_sagemaker_sdk_trains_deploys_and_asks(tagged: str, tmp_path: Path) -> None:
    python = needs.sdk()
    lay_out(tmp_path)
    answers = run(python, tagged, tmp_path)
    assert [row["user_id"] for row in answers["known"]] == ["00003"] * 10
    assert answers["known"][0]["item_id"] == "00003"  # the one of its own colour that it has not bought
    assert answers["unknown"] == []
    assert [row["user_id"] for row in answers["batch"]] == ["00003"] * 3 + ["00004"] * 3
    assert answers["batch"][:3] == answers["known"][:3]
    assert answers["outside"] == []
