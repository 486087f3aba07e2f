"""`retailrec push-image`, with an ECR of moto's and a docker that only notes what it is asked."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from retailrec.cli.verbs import app
from retailrec.client.paths import REPOSITORY
from retailrec.commands.push import content_tag
from tests.moto_cloud import moto_cloud

DOCKER = (
    f"#!{sys.executable} -IS\n"
    + """
import json, os, sys
words = sys.argv[1:]
given = sys.stdin.read() if "--password-stdin" in words else ""
config = os.environ.get("DOCKER_CONFIG")
with open(os.environ["NOTES"], "a") as notes:
    notes.write(json.dumps({"words": words, "input": given, "config": config}) + "\\n")
if words[:1] == ["context"]:
    print("unix:///run/engine.sock")
sys.exit(int(os.environ.get("FAILS") == words[0]))
"""
)


class Docker:
    def __init__(self, notes: Path) -> None:
        self._notes = notes

    def asked(self, verb: str) -> list[dict[str, Any]]:
        if not self._notes.exists():
            return []
        lines = [json.loads(line) for line in self._notes.read_text().splitlines()]
        return [line for line in lines if line["words"][0] == verb]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.setenv("RETAILREC_CONTAINER_ENGINE", str(tmp_path / "none"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return Docker(tmp_path / "notes")


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with moto_cloud():
        yield boto3.client("ecr")


def push(*options: str) -> Result:
    return CliRunner().invoke(app, ["push-image", *options])


def test_it_is_built_and_pushed_to_a_repository_that_it_makes(docker: Docker, ecr: Any) -> None:
    ended = push()
    assert ended.exit_code == 0, ended.output
    (made,) = ecr.describe_repositories()["repositories"]
    uri = f"{made['repositoryUri']}:{content_tag(REPOSITORY / 'algorithm')}"
    (built,) = docker.asked("build")
    assert uri in built["words"]
    (pushed,) = docker.asked("push")
    assert pushed["words"] == ["push", uri]
    assert f"AlgorithmImageUri={uri}" in ended.output
    assert made["imageTagMutability"] == "IMMUTABLE"


def test_the_password_is_kept_from_the_command_line_and_from_the_users_configuration(
    docker: Docker, ecr: Any
) -> None:
    push("--tag", "v1")
    (login,) = docker.asked("login")
    assert login["input"]
    assert login["input"] not in " ".join(login["words"])
    assert login["config"]
    assert not Path(login["config"]).exists()


def test_a_repository_that_is_there_is_used(docker: Docker, ecr: Any) -> None:
    ecr.create_repository(repositoryName="shop/recommender")
    assert push("--repository", "shop/recommender").exit_code == 0
    assert len(ecr.describe_repositories()["repositories"]) == 1


def test_an_existing_image_is_not_built_again(docker: Docker, ecr: Any) -> None:
    ecr.create_repository(repositoryName="retailrec-algorithm")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"digest": "sha256:" + "0" * 64},
        "layers": [],
    }
    ecr.put_image(repositoryName="retailrec-algorithm", imageManifest=json.dumps(manifest), imageTag="v1")
    ended = push("--tag", "v1")
    assert ended.exit_code == 0, ended.output
    assert "is already there" in ended.output
    assert docker.asked("build") == docker.asked("push") == []


@pytest.mark.parametrize("verb", ["login", "push", "build", "version"])
def test_what_docker_refuses_ends_in_a_sentence(
    docker: Docker, ecr: Any, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", verb)
    ended = push("--tag", "v1")
    assert ended.exit_code == 1
    assert "Traceback" not in ended.output


def test_the_tag_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = content_tag(tmp_path)
    (tmp_path / "README.md").write_text("words")
    assert content_tag(tmp_path) == first
    (tmp_path / "a.py").write_text("2")
    assert content_tag(tmp_path) != first
