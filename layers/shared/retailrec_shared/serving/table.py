"""The serving table: what the API looks up, keyed by run so that runs never mix.

Each item is one JSON text under ``body``: cheap to write and to read in bulk, and
no number passes through DynamoDB's decimals.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings
from retailrec_shared.serving.bulk import BulkWriter, Write
from retailrec_shared.serving.sizes import dump, size_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Body = Any
BATCH_GET = 100


def _chunks(entries: Iterable[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(entries)
    while chunk := list(islice(remaining, size)):
        yield chunk


class Serving:
    """Reads and writes the serving table; without a client, by the function's own."""

    def __init__(self, table: str, client: "DynamoDBClient | None" = None) -> None:
        self._table = table
        self._client = client

    @property
    def _dynamodb(self) -> "DynamoDBClient":
        return self._client or aws.dynamodb()

    def get(self, keys: Iterable[str]) -> dict[str, Body]:
        """Return the bodies of some keys, without those that are missing."""
        found: dict[str, Body] = {}
        for chunk in _chunks(dict.fromkeys(keys), BATCH_GET):
            found |= self._get_batch(chunk)
        return found

    def _get_batch(self, keys: Sequence[str]) -> dict[str, Body]:
        found: dict[str, Body] = {}
        wanted: Any = {self._table: {"Keys": [{"pk": {"S": key}} for key in keys]}}
        for retry in range(6):
            if not wanted:
                return found
            if retry:
                _pause(retry)
            answer = self._dynamodb.batch_get_item(RequestItems=wanted)
            for item in answer["Responses"].get(self._table, []):
                found[item["pk"]["S"]] = json.loads(item["body"]["S"])
            wanted = answer.get("UnprocessedKeys", {})
        raise TimeoutError(f"the table {self._table} is throttled")

    def put_all(self, bodies: Iterable[tuple[str, Body]]) -> int:
        """Write many bodies; return how many."""
        return sum(self.put(bodies))

    def put(
        self, bodies: Iterable[tuple[str, Body]], seconds_left: Callable[[], float] = lambda: math.inf
    ) -> Iterator[int]:
        """Write bodies a group at a time, and yield the number of each group when all of it is written.

        Raises Throttled when there is little time left, and DynamoDB takes no more.
        """
        return self._write(map(_put, bodies), seconds_left)

    def delete(
        self, keys: Iterable[str], seconds_left: Callable[[], float] = lambda: math.inf
    ) -> Iterator[int]:
        """Delete keys a group at a time, as ``put`` writes."""
        return self._write(map(_delete, keys), seconds_left)

    def _write(self, writes: Iterable[Write], seconds_left: Callable[[], float]) -> Iterator[int]:
        return BulkWriter(self._dynamodb, self._table, seconds_left).write(writes)


def _put(entry: tuple[str, Body]) -> Write:
    key, body = entry
    text = dump(body)
    return Write({"PutRequest": {"Item": {"pk": {"S": key}, "body": {"S": text}}}}, size_of(key, text))


def _delete(key: str) -> Write:
    return Write({"DeleteRequest": {"Key": {"pk": {"S": key}}}}, len(key.encode()))


def _pause(retry: int) -> None:
    """Back off with full jitter, as DynamoDB asks of callers with unprocessed items."""
    time.sleep(random.uniform(0, min(3.0, 0.05 * 2**retry)))  # noqa: S311 - jitter, not a secret


@cache
def serving() -> Serving:
    """Return the stack's serving table."""
    return Serving(settings().serving_table)
