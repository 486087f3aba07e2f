"""Containers that a local SageMaker could not end itself."""

import shutil
import subprocess
from pathlib import Path

from local.sagemaker.containers import LABEL


def remove(sagemaker_dir: Path) -> None:
    """Remove what still runs of the local SageMaker with this folder; without an engine, do nothing."""
    if shutil.which("docker") is None:
        return
    listing = ["docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}={sagemaker_dir}"]
    found = subprocess.run(listing, capture_output=True, text=True, check=False, timeout=60).stdout.split()
    if found:
        subprocess.run(["docker", "rm", "--force", *found], capture_output=True, check=False, timeout=60)
