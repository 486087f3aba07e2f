"""Which image manifests SageMaker takes, and which one a registry holds.

Docker's containerd image store builds OCI manifests. SageMaker trains with such an image, and CreateModel
refuses it afterwards.
"""

from collections.abc import Mapping
from typing import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
REMEDY = (
    "`retailrec push-image` pushes one that SageMaker takes, under a tag of its own; deploy with the address "
    "that it prints"
)


def manifest_problem(ecr: Any, repository: str, tag: str, registry: str | None = None) -> str | None:
    """Return why SageMaker cannot use an image of ECR, and what to do; ``None`` if nothing is wrong.

    ``tag`` may be a digest (``sha256:…``); ``registry`` is the account, if it is another one. Raises
    ImageNotFoundException or RepositoryNotFoundException where there is no such image.
    """
    which = {"imageDigest": tag} if tag.startswith("sha256:") else {"imageTag": tag}
    account = {"registryId": registry} if registry else {}
    described = ecr.describe_images(repositoryName=repository, imageIds=[which], **account)
    separator = "@" if "imageDigest" in which else ":"
    return problem_of(f"{repository}{separator}{tag}", described["imageDetails"][0])


def problem_of(image: str, detail: Mapping[str, Any]) -> str | None:
    """Return why SageMaker cannot use an image, from its detail in DescribeImages' answer, and what to do."""
    reason = unusable(image, detail)
    return f"{reason}: {REMEDY}." if reason else None


def unusable(image: str, detail: Mapping[str, Any]) -> str | None:
    """Return why SageMaker cannot use an image, from its detail in DescribeImages' answer."""
    manifest, artifact = detail.get("imageManifestMediaType"), detail.get("artifactMediaType")
    if manifest not in {None, MANIFEST}:
        return (
            f"The registry holds {image} as {_kind(manifest)} ({manifest}), and SageMaker's CreateModel "
            f"takes only a Docker image manifest, version 2, schema 2 ({MANIFEST})"
        )
    if artifact not in {None, CONFIG}:
        return f"What the registry holds as {image} is no container image of Docker's ({artifact})"
    return None


def _kind(media_type: str) -> str:
    if "index" in media_type or "manifest.list" in media_type:
        return "a list of manifests for several platforms"
    return "an OCI manifest" if ".oci." in media_type else "another kind of manifest"
