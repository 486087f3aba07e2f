"""Which manifests of ECR's are refused, and what the sentence says."""

from typing import Any

import pytest

from retailrec.image.manifest import CONFIG, MANIFEST, manifest_problem, problem_of

OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DIGEST = f"sha256:{'0' * 64}"


class FakeEcr:
    def __init__(self, **detail: str) -> None:
        self.detail, self.asked = detail, {}  # type: ignore[var-annotated]

    def describe_images(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return {"imageDetails": [self.detail]}


def test_a_docker_manifest_of_one_platform_is_taken() -> None:
    assert problem_of("shop:1", {"imageManifestMediaType": MANIFEST, "artifactMediaType": CONFIG}) is None


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        (OCI, "an OCI manifest"),
        ("application/vnd.oci.image.index.v1+json", "several platforms"),
        ("application/vnd.docker.distribution.manifest.list.v2+json", "several platforms"),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", "another kind"),
    ],
)
def test_every_other_manifest_is_refused_with_a_remedy(media_type: str, kind: str) -> None:
    problem = problem_of("shop:1", {"imageManifestMediaType": media_type, "artifactMediaType": OCI_CONFIG})
    assert problem
    assert kind in problem
    assert media_type in problem
    assert "retailrec push-image" in problem


def test_what_is_no_container_image_is_refused() -> None:
    chart = {
        "imageManifestMediaType": MANIFEST,
        "artifactMediaType": "application/vnd.cncf.helm.config.v1+json",
    }
    assert "no container image" in (problem_of("shop:1", chart) or "")


def test_a_tag_and_a_digest_of_any_account_can_be_asked_for() -> None:
    ecr = FakeEcr(imageManifestMediaType=OCI)
    assert "shop:1" in (manifest_problem(ecr, "shop", "1") or "")
    assert ecr.asked == {"repositoryName": "shop", "imageIds": [{"imageTag": "1"}]}
    assert f"shop@{DIGEST}" in (manifest_problem(ecr, "shop", DIGEST, "123456789012") or "")
    assert ecr.asked == {
        "repositoryName": "shop", "imageIds": [{"imageDigest": DIGEST}], "registryId": "123456789012",
    }  # fmt: skip
