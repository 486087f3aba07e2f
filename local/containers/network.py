"""Connects containers to the local cloud, which listens on the loopback interface."""

import sys

from local.cloud import processes, services
from local.cloud.state import REPOSITORY, Running
from local.containers import engine
from local.sagemaker.guard.hosts import LISTED

RELAY = "relay"


def open_to_containers(state: Running) -> Running:
    """Start the relay on Docker's bridge, unless it runs already or none is needed; return the new state.

    The hosts file gives the guard the name by which containers reach this machine.
    """
    (state.state_dir / LISTED).write_text(f"{_host()}\n")
    if engine.is_desktop():
        return state  # containers reach the loopback interface of its host by themselves
    pid = state.pids.get(RELAY)
    if pid is not None and processes.alive(pid, state.births[RELAY]):
        return state
    address, ports = engine.gateway(), [_port(state.aws_url), _port(state.sagemaker_url)]
    command = [sys.executable, "-m", "local.containers.relay", address, *map(str, ports)]
    log = state.state_dir / f"{RELAY}.log"
    with processes.interrupts_held():
        pid = processes.start(command, services.client_environment(state), log, REPOSITORY)
        state = state.with_process(RELAY, pid, processes.start_time(pid))
    services.wait_for_port(state, RELAY, address, ports[-1])
    return state


def urls(state: Running) -> dict[str, str]:
    """Return the variables that lead a container's AWS clients to this cloud."""
    host = _host()
    sagemaker = f"http://{host}:{_port(state.sagemaker_url)}"
    return {
        "AWS_ENDPOINT_URL": f"http://{host}:{_port(state.aws_url)}",
        "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": sagemaker,
    }


def _host() -> str:
    """Return the name by which containers reach this machine."""
    return engine.DESKTOP_HOST if engine.is_desktop() else engine.gateway()


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1])
