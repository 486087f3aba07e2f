"""One subprocess: its environment, its process group, its log."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

# A container starts from a clean environment: no credentials of ours. These alone pass, so that a
# machine's paths, locale and thread limits hold for the programs too.
INHERITED = {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "COVERAGE_PROCESS_START"}
INHERITED_PREFIXES = ("OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "SM_")
CHUNK = 65536


def environment(base: Path, algorithm_dir: Path) -> dict[str, str]:
    """Build what every program sees, SAGEMAKER_BASE_DIR in place of a mounted /opt/ml."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in INHERITED or name.startswith(INHERITED_PREFIXES)
    }
    return kept | {
        "PYTHONPATH": str(algorithm_dir),
        "PYTHONUNBUFFERED": "1",
        "SAGEMAKER_BASE_DIR": str(base),
        "RECOMMENDER_HOST": "127.0.0.1",
    }


class Subprocess:
    """A running module, leader of a process group of its own; ``ended`` holds its exit code."""

    def __init__(self, process: asyncio.subprocess.Process, pump: asyncio.Task[None]) -> None:
        self.pid = process.pid
        self._process = process
        self._pump = pump
        self.ended = asyncio.get_running_loop().create_task(self._end())

    async def wait(self) -> int:
        """Wait for the end; returns the exit code as a container reports it (137: killed)."""
        return await asyncio.shield(self.ended)

    async def stop(self, grace: float) -> int:
        """Send SIGTERM, SIGKILL after ``grace`` seconds, and wait; returns the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.wait(), grace)
        self._kill_group()
        return await self.wait()

    async def _end(self) -> int:
        code = await self._process.wait()
        # Children end with their parent, as in a container; only then does the pipe close.
        self._kill_group()
        await self._pump
        return code if code >= 0 else 128 - code

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def spawn(
    command: Sequence[str],
    environ: dict[str, str],
    folder: Path,
    log: Path,
    on_line: Callable[[str], None] | None,
) -> Subprocess:
    """Start a command; its output goes to the log, line by line to ``on_line`` too."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    # A pipe of our own: asyncio would wait until the children of the subprocess close stdout, too.
    reading, writing = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            cwd=folder,
            env=environ,
            start_new_session=True,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    pump = asyncio.get_running_loop().create_task(_copy(os.fdopen(reading, "rb"), log, on_line))
    return Subprocess(process, pump)


async def _copy(pipe: BinaryIO, log: Path, on_line: Callable[[str], None] | None) -> None:
    """Copy output to the log as it comes, and hand over each whole line."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    rest = b""
    with contextlib.closing(transport), log.open("ab", buffering=0) as file:
        while chunk := await reader.read(CHUNK):
            file.write(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                _pass_line(line, on_line)
    if rest:
        _pass_line(rest, on_line)


def _pass_line(line: bytes, on_line: Callable[[str], None] | None) -> None:
    if on_line:
        on_line(line.decode(errors="replace").rstrip("\r"))
