"""The algorithm's image: ``python -m local.containers.image`` builds it."""

import platform
import subprocess
import sys
from pathlib import Path

from local.cloud.errors import CloudError
from local.cloud.state import REPOSITORY
from local.containers import engine

IMAGE = "retailrec-algorithm:local"
ALGORITHM = REPOSITORY / "algorithm"
PLATFORM = "linux/amd64"  # SageMaker's


def build(tag: str = IMAGE) -> None:
    """Build the image for SageMaker's platform; raises CloudError when it fails."""
    engine.ensure()
    run(build_command(tag))


def run(command: list[str]) -> None:
    """Run a command that builds the image; raises CloudError when it fails."""
    if subprocess.run(command, stdout=engine.STDERR, check=False).returncode:
        raise CloudError("The image was not built: the lines above say why.")


def build_command(tag: str, machine: str | None = None, folder: Path = ALGORITHM) -> list[str]:
    """Return the `docker build` command; on another architecture it names SageMaker's platform."""
    foreign = (machine or platform.machine()).lower() not in {"x86_64", "amd64"}
    options = ["--platform", PLATFORM] if foreign else []
    return ["docker", "build", *options, "--tag", tag, str(folder)]


if __name__ == "__main__":
    try:
        build()
    except CloudError as error:
        sys.exit(str(error))
