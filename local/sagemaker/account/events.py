"""Sends changes of state to EventBridge, in order, unless a fault changes that."""

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
    """One event; a fault can select it by ``status``."""

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
    """A queue and the one task that empties it; events are sent in the order in which they happened."""

    def __init__(self, aws: Aws, faults: FaultBoard) -> None:
        self._aws = aws
        self._faults = faults
        self._queue: asyncio.Queue[StateChange] = asyncio.Queue()
        self._worker = asyncio.get_running_loop().create_task(self._work())

    def emit(self, change: StateChange) -> None:
        """Queue an event, or apply a fault to it."""
        fault = self._faults.event(change.detail_type, change.status)
        action = fault.action if fault else None
        if fault and action == "delay":
            asyncio.get_running_loop().call_later(fault.seconds, self._queue.put_nowait, change)
        elif action != "drop":
            self._queue.put_nowait(change)
            if action == "duplicate":
                self._queue.put_nowait(change)

    async def close(self) -> None:
        """Wait up to a second for queued events to be sent, then stop."""
        try:
            await asyncio.wait_for(self._queue.join(), timeout=1.0)
        except TimeoutError:
            logger.warning("Discarded %d unsent events", self._queue.qsize())
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
                # As on AWS, an event may be lost; a caller that waits for it must also poll.
                logger.exception("Could not send %d events", len(batch))
            for _ in batch:
                self._queue.task_done()

    def _put(self, batch: list[StateChange]) -> None:
        response = self._aws.events.put_events(Entries=[change.entry() for change in batch])
        if response["FailedEntryCount"]:
            logger.error("EventBridge refused events: %s", response["Entries"])
