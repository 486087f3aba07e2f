"""Tells EventBridge about changes of state, in order, unless a fault has it otherwise."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.account.faults import FaultBoard
from local.sagemaker.account.records import now
from local.sagemaker.aws import Aws

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# PutEvents refuses sources that begin with "aws."; rules match this one too.
SOURCE = "retailrec.sagemaker"
MAX_BATCH = 10
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StateChange:
    """One event; ``status`` is what a fault can choose it by."""

    detail_type: str
    arn: str
    status: str
    detail: Mapping[str, Any]
    time: datetime = field(default_factory=now)

    def entry(self) -> "PutEventsRequestEntryTypeDef":
        """Write the event as PutEvents wants it."""
        return {
            "Source": SOURCE,
            "DetailType": self.detail_type,
            "Detail": json.dumps(self.detail),
            "Resources": [self.arn],
            "Time": self.time,
        }


class EventPublisher:
    """A queue and the one task that empties it; events leave in the order they happened."""

    def __init__(self, aws: Aws, faults: FaultBoard) -> None:
        self._aws = aws
        self._faults = faults
        self._queue: asyncio.Queue[StateChange] = asyncio.Queue()
        self._worker = asyncio.get_running_loop().create_task(self._work())

    def emit(self, change: StateChange) -> None:
        """Send an event soon, or do to it what a fault asks."""
        fault = self._faults.event(change.detail_type, change.status)
        action = fault.action if fault else None
        if fault and action == "delay":
            asyncio.get_running_loop().call_later(fault.seconds, self._queue.put_nowait, change)
        elif action != "drop":
            self._queue.put_nowait(change)
            if action == "duplicate":
                self._queue.put_nowait(change)

    async def close(self) -> None:
        """Give what is queued a moment to leave, then stop."""
        try:
            await asyncio.wait_for(self._queue.join(), timeout=1.0)
        except TimeoutError:
            logger.warning("Left %d events unsent", self._queue.qsize())
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await asyncio.to_thread(self._put, batch)
            except (BotoCoreError, ClientError):
                # As on AWS, an event may never come; whoever waits for it must ask now and then.
                logger.exception("Could not send %d events", len(batch))
            for _ in batch:
                self._queue.task_done()

    def _put(self, batch: list[StateChange]) -> None:
        answer = self._aws.events.put_events(Entries=[change.entry() for change in batch])
        if answer["FailedEntryCount"]:
            logger.error("EventBridge refused events: %s", answer["Entries"])
