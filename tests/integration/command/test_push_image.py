"""`retailrec push-image`, with an ECR of moto's and a docker that only notes what it is asked.

What this docker is asked to push, moto's ECR holds afterwards, as manifests of a kind that the test chooses.
"""

import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.ecr.models import ECRBackend
from typer.testing import CliRunner, Result

from retailrec.cli.verbs import app
from retailrec.client.paths import REPOSITORY
from retailrec.image import tag
from retailrec.image.manifest import MANIFEST
from retailrec.image.tag import content_tag
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
    print("shop" if words[1] == "show" else "unix:///run/engine.sock")
if words[:1] == ["info"]:
    print(os.environ["DRIVER"])
sys.exit(int(os.environ.get("FAILS") in (words[0], " ".join(words[:2]))))
"""
)
CLASSIC = '[["Backing Filesystem","extfs"],["Supports d_type","true"]]'
CONTAINERD = '[["driver-type","io.containerd.snapshotter.v1"]]'
OCI = "application/vnd.oci.image.manifest.v1+json"


class Docker:
    """What the docker of a test was asked, and what it pushes."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes
        self.pushes = MANIFEST

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
    monkeypatch.setenv("DRIVER", CLASSIC)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return Docker(tmp_path / "notes")


@pytest.fixture
def ecr(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    describe = ECRBackend.describe_images

    def receive_and_describe(self: ECRBackend, repository: str, *more: Any) -> Any:
        for pushed in docker.asked("push"):
            tag = pushed["words"][1].rpartition(":")[2]
            if not any(tag in held.image_tags for held in self.repositories[repository].images):
                self.put_image(repository, manifest(docker.pushes), tag)
        return describe(self, repository, *more)

    monkeypatch.setattr(ECRBackend, "describe_images", receive_and_describe)
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_REGION", "eu-west-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with moto_cloud():
        yield boto3.client("ecr")


def manifest(media_type: str) -> str:
    config = {"digest": "sha256:" + "0" * 64}
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": []})


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
    assert (
        f"sam deploy --guided --region eu-west-1 --parameter-overrides AlgorithmImageUri={uri}"
        in ended.output
    )
    assert "The registry is that of account 123456789012, region eu-west-1." in ended.output
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
    ecr.put_image(repositoryName="retailrec-algorithm", imageManifest=manifest(MANIFEST), imageTag="v1")
    ended = push("--tag", "v1")
    assert ended.exit_code == 0, ended.output
    assert "is already there" in ended.output
    assert docker.asked("build") == docker.asked("push") == []


@pytest.mark.parametrize("there", [True, False], ids=["pushed before", "pushed now"])
def test_an_image_that_sagemaker_refuses_is_refused_with_a_remedy(
    docker: Docker, ecr: Any, there: bool
) -> None:
    ecr.create_repository(repositoryName="retailrec-algorithm")
    if there:
        ecr.put_image(repositoryName="retailrec-algorithm", imageManifest=manifest(OCI), imageTag="v1")
    docker.pushes = OCI
    ended = push("--tag", "v1")
    assert ended.exit_code == 1
    said = " ".join(ended.output.split())
    assert OCI in said
    assert "batch-delete-image --repository-name retailrec-algorithm --image-ids imageTag=v1" in said
    assert "AlgorithmImageUri" not in said
    assert len(docker.asked("push")) == (not there)


def test_from_the_classic_store_any_build_is_pushed_as_sagemaker_takes_it(docker: Docker, ecr: Any) -> None:
    assert push("--tag", "v1").exit_code == 0
    assert docker.asked("build")
    assert docker.asked("buildx") == []


def test_from_containerds_store_buildx_makes_a_docker_manifest_of_one_platform(
    docker: Docker, ecr: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVER", CONTAINERD)
    ended = push("--tag", "v1")
    assert ended.exit_code == 0, ended.output
    assert docker.asked("build") == []
    _, built = docker.asked("buildx")
    words = built["words"]
    assert words[1] == "build"
    assert {"--provenance=false", "--sbom=false"} <= set(words)
    following = dict(itertools.pairwise(words))
    assert following["--output"] == "type=image,oci-mediatypes=false"
    assert following["--platform"] == "linux/amd64"
    assert following["--builder"] == "shop", "the engine's own builder, which keeps the image in the store"
    assert following["--tag"].endswith("/retailrec-algorithm:v1")


def test_from_containerds_store_without_buildx_nothing_is_built(
    docker: Docker, ecr: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVER", CONTAINERD)
    monkeypatch.setenv("FAILS", "buildx version")
    ended = push("--tag", "v1")
    assert ended.exit_code == 1
    assert "Install buildx" in " ".join(ended.output.split())
    assert docker.asked("build") == docker.asked("push") == []


def test_an_engine_that_does_not_describe_its_store_is_checked_by_what_it_pushed(
    docker: Docker, ecr: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", "info")
    docker.pushes = OCI
    assert push("--tag", "v1").exit_code == 1


@pytest.mark.parametrize("verb", ["login", "push", "build", "version"])
def test_what_docker_refuses_ends_in_a_sentence(
    docker: Docker, ecr: Any, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILS", verb)
    ended = push("--tag", "v1")
    assert ended.exit_code == 1
    assert "Traceback" not in ended.output


def test_the_tag_follows_how_the_image_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tag.content_tag(tmp_path)
    monkeypatch.setattr(tag, "OPTIONS", ("linux/amd64", OCI))
    assert tag.content_tag(tmp_path) != first


def test_the_tag_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = content_tag(tmp_path)
    (tmp_path / "README.md").write_text("words")
    assert content_tag(tmp_path) == first
    (tmp_path / "a.py").write_text("2")
    assert content_tag(tmp_path) != first
