"""Runs every image as this project's own, by `docker run`, as SageMaker would."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from local.sagemaker.programs import subprocesses
from local.sagemaker.programs.programs import Launch, Program
from local.sagemaker.programs.watchdog import Watchdog

LABEL = "retailrec.sagemaker"  # its value: the folder of the local SageMaker that started the container
NETWORK = "retailrec-no-way-out"
PORT = 8080
# What root needs to become another user once its folders are opened; SageMaker's containers have more.
_CAPABILITIES = ("CHOWN", "SETGID", "SETUID")
# A bridge without masquerading: this machine reaches the published port, the container reaches no other host.
_MAKE_NETWORK = ["--opt", "com.docker.network.bridge.enable_ip_masquerade=false"]


def run_command(image: str, name: str, owner: str, launch: Launch, uid: int | None = None) -> list[str]:
    """Build the `docker run` of one program: it can write /opt/ml and /tmp only, and reach no host.

    The program is process 1, and starts as the owner of /opt/ml, as in SageMaker, where that is root.
    """
    uid = os.getuid() if uid is None else uid
    command = ["docker", "run", "--rm", "--name", name, "--label", f"{LABEL}={owner}"]
    command += ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"]  # noqa: S108 - the container's own
    command += ["--security-opt", "no-new-privileges", "--volume", f"{launch.base}:/opt/ml"]
    if uid:  # only root could remove what root wrote
        command += ["--user", f"{uid}:{os.getgid()}"]
    else:
        command += [f"--cap-add={capability}" for capability in _CAPABILITIES]
    if launch.port:
        command += ["--network", NETWORK, "--publish", f"127.0.0.1:{launch.port}:{PORT}"]
    else:
        command += ["--network", "none"]
    for variable, value in launch.environment.items():
        command += ["--env", f"{variable}={value}"]
    return [*command, image, launch.command]


class Container:
    """A container behind its `docker run`, which passes signals on and ends with its exit code."""

    def __init__(self, name: str, client: subprocesses.Subprocess) -> None:
        self.name = name
        self.client = client

    async def wait(self) -> int:
        """Wait for the end; returns the exit code."""
        return await self.client.wait()

    async def stop(self, grace: float) -> int:
        """Send SIGTERM, SIGKILL after ``grace`` seconds, and wait; returns the exit code."""
        await docker("stop", "--time", str(round(grace)), self.name)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.wait(), grace)
        await docker("kill", self.name)
        return await self.client.stop(grace)


class ContainerRunner:
    """Runs programs in containers of one image."""

    def __init__(self, image: str, owner: str) -> None:
        self._image = image
        self._owner = owner
        self._watchdog = Watchdog()
        self._network = False
        self._starting: set[asyncio.Task[Container]] = set()
        self._running: set[Container] = set()

    async def start(self, launch: Launch) -> Program:
        """Start a container; a caller that is cancelled meanwhile leaves it to ``close``."""
        task = asyncio.get_running_loop().create_task(self._run(launch))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return await asyncio.shield(task)

    async def _run(self, launch: Launch) -> Container:
        if launch.port and not self._network:
            await docker("network", "create", *_MAKE_NETWORK, NETWORK)
            self._network = True
        await asyncio.to_thread(_open_as_sagemaker_does, launch.base)
        name = f"retailrec-{launch.command}-{uuid.uuid4().hex[:12]}"
        command = run_command(self._image, name, self._owner, launch)
        client = await subprocesses.spawn(
            command, _environment(os.environ), launch.base, launch.log, launch.on_line
        )
        container = Container(name, client)
        self._running.add(container)
        self._watchdog.add(client.pid)
        client.ended.add_done_callback(lambda _: self._forget(container))
        return container

    def _forget(self, container: Container) -> None:
        self._running.discard(container)
        self._watchdog.remove(container.client.pid)

    async def close(self) -> None:
        """Stop every container that still runs, and wait."""
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(container.stop(grace=2.0) for container in list(self._running)))
        self._watchdog.close()


async def docker(*arguments: str) -> None:
    """Run a docker command and ignore its failure: its effect may exist already."""
    process = await asyncio.create_subprocess_exec(
        "docker", *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    await process.wait()


def _environment(of_ours: Mapping[str, str]) -> dict[str, str]:
    """Return what the docker client needs; the container sees none of it."""
    return {
        name: value
        for name, value in of_ours.items()
        if name in {"PATH", "HOME"} or name.startswith("DOCKER_")
    }


def _open_as_sagemaker_does(base: Path) -> None:
    """Let every user read /opt/ml, and only its owner write there: folders have mode 0755, files 0644."""
    for path in (base, *base.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


def remove_leftovers(sagemaker_dir: Path) -> None:
    """Remove containers that a local SageMaker with this folder left behind, if Docker is installed."""
    if shutil.which("docker") is None:
        return
    listing = ["docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}={sagemaker_dir}"]
    found = subprocess.run(listing, capture_output=True, text=True, check=False, timeout=60).stdout.split()
    if found:
        subprocess.run(["docker", "rm", "--force", *found], capture_output=True, check=False, timeout=60)
