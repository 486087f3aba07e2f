"""The serving table: what the API looks up, keyed by run so that runs never mix.

Each item is one JSON text under ``body``: cheap to write and to read in bulk, and
no number passes through DynamoDB's decimals.
"""

import json
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from retailrec_shared.core import aws
from retailrec_shared.core.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Body = Any
BATCH_WRITE = 25
BATCH_GET = 100
WRITERS = 8


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
        """Read the bodies of some keys; missing ones are left out."""
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
        """Write many bodies, several batches at a time; return how many."""
        return self._write(
            {"PutRequest": {"Item": {"pk": {"S": key}, "body": {"S": _dump(body)}}}} for key, body in bodies
        )

    def delete_all(self, keys: Iterable[str]) -> int:
        """Delete many keys, several batches at a time; return how many."""
        return self._write({"DeleteRequest": {"Key": {"pk": {"S": key}}}} for key in keys)

    def _write(self, requests: Iterable[Mapping[str, Any]]) -> int:
        written = 0
        with ThreadPoolExecutor(WRITERS) as pool:
            # A few batches at a time: the iterable may be longer than memory.
            for group in _chunks(_chunks(requests, BATCH_WRITE), WRITERS * 4):
                written += sum(pool.map(self._write_batch, group))
        return written

    def _write_batch(self, batch: list[Any]) -> int:
        left: Any = {self._table: batch}
        for retry in range(10):
            if retry:
                _pause(retry)
            left = self._dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems", {})
            if not left:
                return len(batch)
        raise TimeoutError(f"the table {self._table} is throttled")


def _dump(body: Body) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _pause(retry: int) -> None:
    """Back off with full jitter, as DynamoDB asks of callers with unprocessed items."""
    time.sleep(random.uniform(0, min(3.0, 0.05 * 2**retry)))  # noqa: S311 - jitter, not a secret


@cache
def serving() -> Serving:
    """Return the stack's serving table."""
    return Serving(settings().serving_table)
