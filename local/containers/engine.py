"""The Docker engine: whether there is one, and how its containers reach this machine."""

import json
import os
import shutil
import subprocess
from ipaddress import ip_network
from pathlib import Path

from local.cloud.errors import CloudError
from local.cloud.state import REPOSITORY

SCRIPT = "RETAILREC_CONTAINER_ENGINE"
LAMBDA_IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
DESKTOP_HOST = "host.docker.internal"
START_SECONDS = 900
STDERR = 2  # the descriptor: a subprocess writes where our own progress goes


def starter() -> Path | None:
    """Return the script that starts an engine where none runs, if this machine has one."""
    script = Path(os.environ.get(SCRIPT) or REPOSITORY.parent / "shared" / "tools" / "container-engine")
    return script if script.is_file() else None


def available() -> bool:
    """Return whether an engine answers."""
    if shutil.which("docker") is None:
        return False
    return _docker("version", "--format", "{{.Server.Version}}", check=False).returncode == 0


def ensure() -> None:
    """Ensure that an engine runs and has the base images, by the machine's script if there is one.

    Raises CloudError when there is no engine and no way to start one.
    """
    script = starter()
    if script:
        ended = subprocess.run([str(script)], stdout=STDERR, check=False, timeout=START_SECONDS)
        if ended.returncode:
            raise CloudError(f"{script} could not start a Docker engine (exit code {ended.returncode}).")
    if not available():
        raise CloudError("No Docker engine answers: start Docker, then try again.")


def has_image(name: str) -> bool:
    """Return whether an image is on this machine, so that it need not be pulled."""
    return _docker("image", "inspect", name, check=False).returncode == 0


def is_desktop() -> bool:
    """Return whether this is Docker Desktop, whose containers run in a virtual machine."""
    return "Docker Desktop" in _docker("info", "--format", "{{.OperatingSystem}}").stdout


def uses_containerd_store() -> bool:
    """Return whether the engine keeps images in containerd's store, and so as OCI images by default."""
    asked = _docker("info", "--format", "{{json .DriverStatus}}", check=False)
    # An engine that is not Docker's has no such member, and no answer.
    return asked.returncode == 0 and "io.containerd.snapshotter" in asked.stdout


def has_buildx() -> bool:
    """Return whether `docker buildx` is installed."""
    return _docker("buildx", "version", check=False).returncode == 0


def context() -> str:
    """Return the name of the context in use, which is also that of the engine's own builder."""
    return _docker("context", "show", check=False).stdout.strip() or "default"


def gateway() -> str:
    """Return this machine's address on the bridge that containers are on by default.

    An engine that created the bridge itself reports the address only after a restart; until then it is
    the first address of the subnet.
    """
    found = json.loads(_docker("network", "inspect", "bridge").stdout)
    configurations = found[0]["IPAM"]["Config"] or []
    for configuration in configurations:
        if "Gateway" in configuration:
            return str(configuration["Gateway"])
    for configuration in configurations:
        return str(next(ip_network(configuration["Subnet"]).hosts()))
    raise CloudError("Docker's default bridge has no subnet: `docker network inspect bridge` shows it.")


def socket_path() -> str | None:
    """Return the path of the engine's socket; ``None`` for an engine that is reached otherwise."""
    host = (
        os.environ.get("DOCKER_HOST")
        or _docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").stdout.strip()
    )
    return host.removeprefix("unix://") if host.startswith("unix://") else None


def _docker(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=check, timeout=60)
