"""Measures the peak memory of a container, by asking the engine while it runs."""

import contextlib
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

PAUSE_SECONDS = 0.02
MEGABYTE = 1024 * 1024

# Where an engine on this very machine keeps a container's group: cgroups 1, then 2 by either driver.
_GROUPS = (
    "/sys/fs/cgroup/memory/docker/{}",
    "/sys/fs/cgroup/docker/{}",
    "/sys/fs/cgroup/system.slice/docker-{}.scope",
)
_USAGE = ("memory.usage_in_bytes", "memory.current")


class Sampler:
    """Samples one container's memory until the container is gone.

    It counts what `docker stats` shows: without the file cache that the kernel
    can reclaim. A peak between two samples is missed.
    """

    def __init__(self, socket: str | None) -> None:
        self.most_mb: float | None = None
        self.limit_mb: float | None = None
        self.killed = False
        self._socket = socket
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()

    def watch(self, container: str) -> None:
        """Start to sample a container."""
        if self._socket and self._thread is None:
            self._thread = threading.Thread(target=self._look, args=(self._socket, container))
            self._thread.start()

    def _look(self, socket: str, container: str) -> None:
        transport = httpx.HTTPTransport(uds=socket)
        with httpx.Client(transport=transport, base_url="http://docker", timeout=10) as client:
            while not self._stop.wait(PAUSE_SECONDS):
                if self.limit_mb and self._read(container):
                    continue
                with contextlib.suppress(httpx.HTTPError, ValueError):
                    if not self._ask(client, container):
                        return

    def _read(self, container: str) -> bool:
        """Read the kernel's own files, which is fast; return False where there are none."""
        for group in (Path(pattern.format(container)) for pattern in _GROUPS):
            for usage in (group / name for name in _USAGE):
                with contextlib.suppress(OSError, ValueError):
                    lines = (group / "memory.stat").read_text().splitlines()
                    stats = {name: int(value) for name, _, value in (line.partition(" ") for line in lines)}
                    used, _ = used_and_limit({"usage": int(usage.read_text()), "stats": stats})
                    self.most_mb = max(self.most_mb or 0.0, used / MEGABYTE)
                    return True
        return False

    def _ask(self, client: httpx.Client, container: str) -> bool:
        """Take one sample from the engine; return False when the container is gone."""
        stats = client.get(f"/containers/{container}/stats", params={"stream": "false", "one-shot": "true"})
        if stats.status_code == httpx.codes.NOT_FOUND:
            return False
        used, limit = used_and_limit(stats.json().get("memory_stats", {}))
        if used:
            self.most_mb = max(self.most_mb or 0.0, used / MEGABYTE)
            self.limit_mb = limit / MEGABYTE
        state = client.get(f"/containers/{container}/json")
        if state.status_code == httpx.codes.OK:
            self.killed = self.killed or bool(state.json()["State"]["OOMKilled"])
        return True


def used_and_limit(memory: dict[str, Any]) -> tuple[int, int]:
    """Read the bytes in use, and allowed, from the engine's answer, for either version of cgroups."""
    details = memory.get("stats", {})
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    return max(0, memory.get("usage", 0) - cache), memory.get("limit", 0)
