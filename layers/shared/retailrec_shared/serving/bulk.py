"""Writes and deletes many items, in batches, at the pace that DynamoDB allows."""

import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from retailrec_shared.core import aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_WRITE = 25
# A request has at most 16 MB, and boto3 writes a character of up to four bytes as twelve.
BATCH_BYTES = 4_000_000
WRITERS = 8
# Written, or not, before the next batch is read: both bound the memory.
GROUP_BATCHES = 64
GROUP_BYTES = 24_000_000
TRIES = 60
# A batch that is throttled is given up when the invocation has less time left than this.
GIVE_UP_SECONDS = 40.0
LONGEST_PAUSE, FIRST_PAUSE = 3.0, 0.05


class Write(NamedTuple):
    """One request of BatchWriteItem, and the bytes of its item."""

    request: Mapping[str, Any]
    size: int


class Throttled(TimeoutError):
    """DynamoDB took no more for as long as this invocation could wait."""


class Pace:
    """The interval between two batches: longer after each that was throttled, shorter after each other one.

    A table without a provisioned capacity takes some thousand writes a second when it is new, and twice its
    former peak after a while. So the pace follows what the table takes.
    """

    SLOWER, FASTER = 1.5, 0.97
    SHORTEST, LONGEST = 0.002, 2.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interval = 0.0
        self._next = 0.0

    def wait(self) -> None:
        """Wait for this batch's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            time.sleep(turn - now)

    def adapt(self, *, throttled: bool) -> None:
        """Lengthen or shorten the interval."""
        with self._lock:
            if throttled:
                self._interval = min(max(self._interval * self.SLOWER, self.SHORTEST), self.LONGEST)
            else:
                self._interval *= self.FASTER
                if self._interval < self.SHORTEST:
                    self._interval = 0.0


class BulkWriter:
    """Writes to one table, several batches at a time."""

    def __init__(self, client: "DynamoDBClient", table: str, seconds_left: Callable[[], float]) -> None:
        self._client = client
        self._table = table
        self._seconds_left = seconds_left
        self._pace = Pace()

    def write(self, writes: Iterable[Write]) -> Iterator[int]:
        """Write a group at a time, and yield how many requests it had; all before it are written then.

        Raises Throttled, after which a part of the group may be written.
        """
        with ThreadPoolExecutor(WRITERS) as pool:
            for group in _grouped(_batches(writes)):
                yield sum(pool.map(self._write_batch, group))

    def _write_batch(self, batch: list[Write]) -> int:
        left: Any = {self._table: [each.request for each in batch]}
        for retry in range(TRIES):
            if retry:
                if self._seconds_left() < GIVE_UP_SECONDS:
                    break
                _pause(retry)
            self._pace.wait()
            left = self._send(left)
            self._pace.adapt(throttled=bool(left))
            if not left:
                return len(batch)
        raise Throttled(f"the table {self._table} is throttled")

    def _send(self, left: Any) -> Any:
        """Send a batch; return what DynamoDB did not process, which may be all of it."""
        try:
            return self._client.batch_write_item(RequestItems=left).get("UnprocessedItems")
        except aws.client_error() as error:
            if not aws.is_throttled(error):
                raise
            return left


def _batches(writes: Iterable[Write]) -> Iterator[list[Write]]:
    batch: list[Write] = []
    size = 0
    for write in writes:
        if batch and (len(batch) == BATCH_WRITE or size + write.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(write)
        size += write.size
    if batch:
        yield batch


def _grouped(batches: Iterable[list[Write]]) -> Iterator[list[list[Write]]]:
    group: list[list[Write]] = []
    size = 0
    for batch in batches:
        group.append(batch)
        size += sum(write.size for write in batch)
        if len(group) == GROUP_BATCHES or size > GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _pause(retry: int) -> None:
    """Back off with full jitter, as DynamoDB asks of callers with unprocessed items."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * math.pow(2, retry))
    time.sleep(random.uniform(0, longest))  # noqa: S311 - jitter, not a secret
