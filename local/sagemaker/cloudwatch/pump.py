"""Sends what comes in to CloudWatch in batches; a failure does not affect the job."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

FLUSH_SECONDS = 0.4
Batch = list[dict[str, Any]]
logger = logging.getLogger(__name__)


class Pump:
    """Buffers documents and sends them every FLUSH_SECONDS, in a thread."""

    def __init__(self, send: Callable[[Batch], None], what: str) -> None:
        self._send = send
        self._what = what
        self._held: Batch = []
        self._one_at_a_time = asyncio.Lock()
        self._working = asyncio.get_running_loop().create_task(self._work())

    def add(self, document: dict[str, Any]) -> None:
        """Take a document."""
        self._held.append(document)

    async def close(self) -> None:
        """Send what is left, and stop; a server that ends sends nothing more."""
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)
        task = asyncio.current_task()
        if task and not task.cancelling():
            await self._flush()

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            # Shielded: a batch on its way when the job ends must not be sent twice.
            await asyncio.shield(self._flush())

    async def _flush(self) -> None:
        async with self._one_at_a_time:
            held, self._held = self._held, []
            if not held:
                return
            try:
                await asyncio.to_thread(self._send, held)
            except (BotoCoreError, ClientError):
                logger.exception("Could not send %d entries of %s to CloudWatch", len(held), self._what)
