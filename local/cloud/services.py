"""Starts the two servers of the local cloud, and waits until they are ready."""

import contextlib
import os
import re
import socket
import sys
import time
from collections.abc import Mapping
from types import MappingProxyType

import httpx

from local.cloud import processes
from local.cloud.errors import CloudError, log_tail
from local.cloud.state import REGION, REPOSITORY, Running, state_dir
from local.sagemaker.guard.hosts import LISTED
from local.sagemaker.programs.ports import free_port

LOOPBACK = "127.0.0.1"
AWS_PORT = 4566
SAGEMAKER_PORT = 4600
READY_SECONDS = 60.0

# Another account's settings, and proxies: everything here is on the loopback interface.
_FOREIGN = re.compile(r"^AWS_|^PYTHONPATH$|_proxy$", re.IGNORECASE)


def plan(
    image: str = "", algorithm_arn: str = "", parameters: Mapping[str, str] = MappingProxyType({})
) -> Running:
    """Choose the ports: the usual ones if they are free, otherwise others."""
    aws = _port("RETAILREC_AWS_PORT", AWS_PORT)
    return Running(
        aws_url=f"http://{LOOPBACK}:{aws}",
        sagemaker_url=f"http://{LOOPBACK}:{_port('RETAILREC_SAGEMAKER_PORT', SAGEMAKER_PORT)}",
        state_dir=state_dir(),
        image=image,
        algorithm_arn=algorithm_arn,
        parameters=dict(parameters),
        started_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )


def start_all(planned: Running) -> Running:
    """Start both servers; every started process is saved in the state before this returns or raises."""
    state = planned
    for name, (command, environment) in _commands(planned).items():
        with processes.interrupts_held():
            pid = processes.start(command, environment, planned.state_dir / f"{name}.log", planned.state_dir)
            state = state.with_process(name, pid, processes.start_time(pid))
    return state


def restart(state: Running, name: str) -> Running:
    """Restart a server that has died, on the same port; return when it is ready."""
    command, environment = _commands(state)[name]
    with processes.interrupts_held():
        pid = processes.start(command, environment, state.state_dir / f"{name}.log", state.state_dir)
        state = state.with_process(name, pid, processes.start_time(pid))
    wait_until_ready(state)
    return state


def wait_until_ready(state: Running) -> None:
    """Wait until both servers answer; raises CloudError with the log of one that does not."""
    for name, url in health_urls(state).items():
        if not _becomes_ready(state, name, url):
            log = state.state_dir / f"{name}.log"
            raise CloudError(f"{name} did not become ready. The end of {log}:\n{log_tail(log)}")


def wait_for_port(state: Running, name: str, host: str, port: int) -> None:
    """Wait until one of the cloud's processes listens; raises CloudError with its log if it does not."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and alive(state, name):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=2.0):
            return
        time.sleep(0.1)
    log = state.state_dir / f"{name}.log"
    raise CloudError(f"{name} did not become ready. The end of {log}:\n{log_tail(log)}")


def health_urls(state: Running) -> dict[str, str]:
    """Return the health address of each server."""
    return {
        "ministack": f"{state.aws_url}/_ministack/health",
        "sagemaker": f"{state.sagemaker_url}/_health",
    }


def client_environment(state: Running) -> dict[str, str]:
    """Return the environment in which any AWS client talks to this cloud and to no other."""
    return environment_without_aws() | {
        "RETAILREC_CLOUD": str(state.state_dir),  # marks every process of this cloud
        "AWS_ACCESS_KEY_ID": state.access_key,
        "AWS_SECRET_ACCESS_KEY": state.secret_key,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_REGION": state.region,
        "AWS_ENDPOINT_URL": state.aws_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": state.sagemaker_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": state.sagemaker_url,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def environment_without_aws() -> dict[str, str]:
    """Return this process's environment without variables that direct an AWS client elsewhere."""
    return {name: value for name, value in os.environ.items() if not _FOREIGN.search(name)}


def _commands(state: Running) -> dict[str, tuple[list[str], dict[str, str]]]:
    temporary = state.state_dir / "tmp"
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = client_environment(state) | {"TMPDIR": str(temporary)}
    emulator = environment | {
        "AUTH": "true",  # enforce each function's IAM role
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": "localhost",
        "GATEWAY_PORT": state.aws_url.rsplit(":", 1)[1],
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",  # no port but the guarded one
        "SFTP_ENABLED": "0",
        "PYTHONPATH": str(REPOSITORY),
        # Read by the functions, which inherit this environment: no X-Ray daemon here.
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    sagemaker = [sys.executable, "-m", "local.sagemaker", "--port", state.sagemaker_url.rsplit(":", 1)[1]]
    sagemaker += ["--state-dir", str(state.state_dir / "sagemaker"), "--aws-endpoint", state.aws_url]
    sagemaker += ["--hosts-file", str(state.state_dir / LISTED)]
    if state.image:
        sagemaker += ["--container-image", state.image]
    return {
        "ministack": ([sys.executable, "-m", "local.cloud.emulator"], emulator),
        "sagemaker": (sagemaker, environment | {"PYTHONPATH": str(REPOSITORY)}),
    }


def _port(variable: str, usual: int) -> int:
    asked = os.environ.get(variable)
    if asked:
        return int(asked)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, usual))
        except OSError:
            return free_port()
        return usual


def alive(state: Running, name: str) -> bool:
    """Return whether one of the cloud's processes still runs."""
    return processes.alive(state.pids[name], state.births.get(name, ""))


def _becomes_ready(state: Running, name: str, url: str) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and alive(state, name):
        # Still alive after the response: another program's server may answer on the port.
        if _healthy(url) and alive(state, name):
            return True
        time.sleep(0.1)
    return False


def _healthy(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
