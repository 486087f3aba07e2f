"""What `push-image` pushes with this machine's Docker, as a registry serves it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retailrec.client.problems import Problem
from retailrec.commands.push import push_folder
from retailrec.image.manifest import CONFIG, MANIFEST
from tests import needs
from tests.image.registry import Registry, RegistryAsEcr, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DOCKERFILE = 'FROM scratch\nCOPY train /train\nENTRYPOINT ["/train"]\n'
REPOSITORY = "retailrec-test/algorithm"
OCI = "application/vnd.oci.image"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    needs.docker()
    with serve(tmp_path) as running:
        yield running
        images = f"{running.address}/{REPOSITORY}"
        held = subprocess.run(["docker", "images", "-q", images], capture_output=True, text=True, check=True)
        if identities := held.stdout.split():
            subprocess.run(["docker", "rmi", "--force", *identities], capture_output=True, check=True)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "algorithm"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "train").write_text(str(tmp_path))  # no other test's image is the same
    return folder


def test_a_pushed_image_is_one_docker_manifest_for_sagemakers_platform(
    registry: Registry, sources: Path
) -> None:
    ecr = RegistryAsEcr(registry)
    assert push_folder(ecr, REPOSITORY, "1", sources) == f"{registry.address}/{REPOSITORY}:1"
    media_type, manifest = registry.manifest(REPOSITORY, "1")
    assert media_type == manifest["mediaType"] == MANIFEST
    assert manifest["config"]["mediaType"] == CONFIG
    assert {layer["mediaType"] for layer in manifest["layers"]} == {
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    }
    _, configuration = registry.request("GET", f"{REPOSITORY}/blobs/{manifest['config']['digest']}")
    assert {name: json.loads(configuration)[name] for name in ("os", "architecture")} == {
        "os": "linux", "architecture": "amd64",
    }  # fmt: skip


def test_an_oci_image_that_somebody_pushed_is_refused(registry: Registry, sources: Path) -> None:
    config = registry.put_blob(REPOSITORY, b"{}")
    layer = registry.put_blob(REPOSITORY, b"layer")
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": {"mediaType": f"{OCI}.config.v1+json", **config},
        "layers": [{"mediaType": f"{OCI}.layer.v1.tar", **layer}],
    }
    registry.put_manifest(REPOSITORY, "1", manifest)
    with pytest.raises(Problem, match="an OCI manifest"):
        push_folder(RegistryAsEcr(registry), REPOSITORY, "1", sources)
