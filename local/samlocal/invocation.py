"""`sam local invoke`: one function, one event, in a container, with its time and its memory."""

import json
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from local.cloud.deployment import sam_program
from local.cloud.services import environment_without_aws
from local.containers import engine
from local.containers.memory import Sampler

_CONTAINER = re.compile(r"SAM_CONTAINER_ID: (\w+)")
_DURATION = re.compile(r"(?<!Init )(?<!Billed )Duration: ([\d.]+) ms")
_PATIENCE_SECONDS = 1200


@dataclass(frozen=True)
class Invocation:
    """The result of one invocation; memory in MB, ``None`` where the engine does not report it."""

    response: Any
    log: str
    duration_ms: float
    max_memory_mb: float | None
    memory_limit_mb: float | None
    killed: bool  # for its memory

    @property
    def failed(self) -> bool:
        """Return whether the function raised, ran out of time or memory, or never answered."""
        return self.killed or (isinstance(self.response, dict) and "errorType" in self.response)


def invoke(template: Path, function: str, event: Path) -> Invocation:
    """Invoke a function of a prepared template with an event, both given by their files."""
    command = [sam_program(), "local", "invoke", function, "--template", str(template)]
    command += ["--event", str(event), "--region", "us-east-1", *pulling()]
    log: list[str] = []
    with (
        Sampler(engine.socket_path()) as sampler,
        subprocess.Popen(
            command,
            env=environment_without_aws() | {"SAM_CLI_TELEMETRY": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        reading = threading.Thread(target=_read, args=(process.stderr, log, sampler))
        reading.start()
        try:
            answer = process.stdout.read() if process.stdout else ""
            process.wait(_PATIENCE_SECONDS)
        finally:
            process.kill()
            reading.join()
    return _result(answer, "".join(log), sampler)


def pulling() -> list[str]:
    """Return the option that spares the pull of an image which is there."""
    return ["--skip-pull-image"] if engine.has_image(engine.LAMBDA_IMAGE) else []


def _read(stream: IO[str] | None, log: list[str], sampler: Sampler) -> None:
    for line in stream or ():
        log.append(line)
        found = _CONTAINER.search(line)
        if found:
            sampler.watch(found[1])


def _result(answer: str, log: str, sampler: Sampler) -> Invocation:
    found = _DURATION.search(log)
    lines = answer.strip().splitlines()
    try:
        response = json.loads(lines[-1]) if lines else {"errorType": "NoAnswer", "log": log}
    except ValueError:
        response = {"errorType": "NoJson", "answer": answer, "log": log}
    return Invocation(
        response, log, float(found[1]) if found else 0.0,
        sampler.most_mb, sampler.limit_mb, sampler.killed,
    )  # fmt: skip
