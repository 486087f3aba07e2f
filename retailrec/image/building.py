"""Building the image so that `docker push` pushes it as SageMaker takes it.

From its classic image store, Docker pushes a Docker manifest (version 2, schema 2), whatever built the image.
From containerd's store, the default of new installations, it pushes what was built: an OCI index, unless
buildx gets options against it.
"""

from pathlib import Path

from local.containers import engine, image
from retailrec.client.problems import Problem
from retailrec.image.manifest import MANIFEST

PLATFORM = image.PLATFORM
# Raised whenever images are built or pushed differently: repositories are immutable, and so a tag must not
# find an image that was built in an earlier way.
OPTIONS_VERSION = 1
OPTIONS = (PLATFORM, MANIFEST, "no attestations", str(OPTIONS_VERSION))


def build(uri: str, folder: Path) -> None:
    """Build a folder's image under its address; raises Problem or CloudError when it cannot be."""
    engine.ensure()
    image.run(build_command(uri, folder))


def build_command(uri: str, folder: Path) -> list[str]:
    """Return the command that builds a Docker manifest in the engine's image store.

    Raises Problem if the engine would keep an OCI image.
    """
    if not engine.uses_containerd_store():
        return image.build_command(uri, folder=folder)
    if not engine.has_buildx():
        raise Problem(
            "Docker keeps images in containerd's image store, and without buildx it pushes OCI images, "
            "which SageMaker's CreateModel refuses. Install buildx (the package docker-buildx of Debian and "
            "Ubuntu, docker-buildx-plugin of Docker's own packages), or switch to the classic store "
            '("features": {"containerd-snapshotter": false} in /etc/docker/daemon.json; in Docker Desktop: '
            "Settings, General), and run `retailrec push-image` again."
        )
    return [
        *("docker", "buildx", "build"),
        # The engine's own builder: another one would keep the image where `docker push` does not find it.
        *("--builder", engine.context()),
        *("--platform", PLATFORM),
        # An attestation makes an index of the image.
        *("--provenance=false", "--sbom=false"),
        *("--output", "type=image,oci-mediatypes=false"),
        *("--tag", uri, str(folder)),
    ]
