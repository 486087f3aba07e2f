"""Brings the local cloud up and takes it down; a failure leaves nothing running."""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from local.cloud import deployment, processes, services
from local.cloud.errors import CloudError
from local.cloud.parameters import read_parameters
from local.cloud.state import REGION, Running, state_dir
from local.sagemaker.guard.hosts import LISTED
from local.sagemaker.models.marketplace import published_arn
from local.sagemaker.programs import containers

Say = Callable[[str], None]
LOCK_TIMEOUT_SECONDS = 60.0
MARKETPLACE = "marketplace"


def running() -> Running | None:
    """Return the cloud that is up and deployed, or ``None``."""
    state = Running.load()
    if state is None or not state.deployed or not state.pids:
        return None
    return state if all(services.alive(state, name) for name in state.pids) else None


def up(say: Say, image: str = "", algorithm_arn: str = "", parameters: Iterable[str] = ()) -> Running:
    """Bring the cloud up, unless it is; raises CloudError, with nothing left running, when it cannot.

    With an ``image``, the local SageMaker runs containers of it instead of subprocesses. With an
    ``algorithm_arn`` the stack trains with that Marketplace algorithm; MARKETPLACE is the one there is here.
    ``parameters`` are of the stack, each as NAME=VALUE; those not named are as the template has them.
    """
    set_here = read_parameters(parameters)
    wanted = published_arn(REGION) if algorithm_arn == MARKETPLACE else algorithm_arn
    with _exclusive():
        already = running()
        if already and image and already.image != image:
            raise CloudError("The local cloud is up without containers: take it down first.")
        if already and wanted and already.algorithm_arn != wanted:
            raise CloudError("The local cloud is up with another algorithm: take it down first.")
        if already and set_here.items() - already.parameters.items():
            raise CloudError("The local cloud is up with other parameters: take it down first.")
        if already:
            say(f"The local cloud is up already at {already.aws_url}.")
            return already
        _take_down(say)  # what a cloud that died has left
        try:
            return _bring_up(say, services.plan(image, wanted, set_here))
        except BaseException:
            _take_down(say)
            raise


def down(say: Say) -> None:
    """Take the cloud down; without one, do nothing."""
    with _exclusive():
        if not _take_down(say):
            say("The local cloud is not up.")


def _bring_up(say: Say, planned: Running) -> Running:
    say("Starting the local AWS and the local SageMaker")
    state = services.start_all(planned)
    say("Building the application (sam build)")
    deployment.build(state)
    services.wait_until_ready(state)
    say("Deploying the stack (sam deploy)")
    deployment.deploy(state)
    state = state.model_copy(update={"deployed": True}).save()
    say(f"The local cloud is up at {state.aws_url}.")
    return state


def _take_down(say: Say) -> bool:
    state = Running.load()
    if state is None:
        return False
    with processes.interrupts_held():
        for name, pid in state.pids.items():
            processes.stop(pid, state.births.get(name))
        if state.image:
            containers.remove_leftovers(state.state_dir / "sagemaker")
        state.forget()
        (state.state_dir / LISTED).unlink(missing_ok=True)
        for leftover in ("tmp", "sagemaker"):
            shutil.rmtree(state.state_dir / leftover, ignore_errors=True)
    say("The local cloud is down.")
    return True


@contextmanager
def _exclusive() -> Iterator[None]:
    """Allow one `up` or `down` at a time on this cloud."""
    state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state_dir() / "lock").open("w") as lock:
        os.fchmod(lock.fileno(), 0o600)  # who can read it could hold it
        if not _lock(lock):
            raise CloudError("Another command is starting or stopping the local cloud: wait for it.")
        yield


def _lock(lock: TextIO) -> bool:
    """Lock a file; wait up to LOCK_TIMEOUT_SECONDS for its holder."""
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.2)
        else:
            return True
    return False
