"""Runs the algorithm's programs as SageMaker runs ``docker run <image> train`` and ``serve``."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from local.sagemaker.programs import subprocesses
from local.sagemaker.programs.watchdog import Watchdog

OnLine = Callable[[str], None]


@dataclass(frozen=True)
class Launch:
    """One program to run: what the container would be given."""

    image: str
    command: Literal["train", "serve"]
    base: Path  # what the container sees as /opt/ml
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    on_line: OnLine | None = None
    port: int | None = None  # of the loopback interface, where a serving program is to be reached


class Program(Protocol):
    """A program that was started."""

    async def wait(self) -> int:
        """Wait for the end; returns the exit code as a container reports it (137: killed)."""

    async def stop(self, grace: float) -> int:
        """Send SIGTERM, SIGKILL after ``grace`` seconds, and wait; returns the exit code."""


class Runner(Protocol):
    """A way of running programs: subprocesses here, containers elsewhere."""

    async def start(self, launch: Launch) -> Program:
        """Start a program."""

    async def close(self) -> None:
        """Stop every program that still runs, and wait."""


class SubprocessRunner:
    """Runs every image as this project's own algorithm, in a subprocess of this interpreter."""

    def __init__(self, algorithm_dir: Path) -> None:
        self._algorithm_dir = algorithm_dir
        self._watchdog = Watchdog()
        self._starting: set[asyncio.Task[subprocesses.Subprocess]] = set()
        self._running: set[subprocesses.Subprocess] = set()

    async def start(self, launch: Launch) -> Program:
        """Start a program; a caller that is cancelled meanwhile leaves it to ``close``."""
        task = asyncio.get_running_loop().create_task(self._spawn(launch))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        return await asyncio.shield(task)

    async def _spawn(self, launch: Launch) -> subprocesses.Subprocess:
        environment = subprocesses.environment(launch.base, self._algorithm_dir) | dict(launch.environment)
        if launch.port:
            environment["SAGEMAKER_BIND_TO_PORT"] = str(launch.port)
        command = [sys.executable, "-m", f"recommender.{launch.command}"]
        program = await subprocesses.spawn(command, environment, launch.base, launch.log, launch.on_line)
        self._running.add(program)
        self._watchdog.add(program.pid)
        program.ended.add_done_callback(lambda _: self._forget(program))
        return program

    def _forget(self, program: subprocesses.Subprocess) -> None:
        self._running.discard(program)
        self._watchdog.remove(program.pid)

    async def close(self) -> None:
        """Stop every program that still runs, and wait."""
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(program.stop(grace=2.0) for program in list(self._running)))
        self._watchdog.close()
