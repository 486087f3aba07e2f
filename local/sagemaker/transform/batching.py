"""Splits batch input into payloads, sends some in parallel, and assembles the responses in order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import BinaryIO

Send = Callable[[bytes], Awaitable[bytes]]
MEGABYTE = 1024 * 1024


class PayloadTooLarge(Exception):
    """A record, or an unsplit file, over MaxPayloadInMB."""


def payloads(file: BinaryIO, *, split: bool, many: bool, limit: int) -> Iterator[bytes]:
    """Yield request bodies of at most ``limit`` bytes (0: no limit).

    Unsplit, the file is one body; split by lines, a body is one line, or with
    ``many`` as many lines as fit. Blank lines are no records.
    """
    if not split:
        yield _checked(file.read(), limit)
    elif many:
        yield from _packed(_lines(file, limit), limit)
    else:
        yield from _lines(file, limit)


def _lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    for line in file:
        record = line.rstrip(b"\r\n")
        if record.strip():
            yield _checked(record, limit)


def _packed(records: Iterable[bytes], limit: int) -> Iterator[bytes]:
    batch: list[bytes] = []
    size = 0
    for record in records:
        if batch and limit and size + len(record) + 1 > limit:
            yield b"\n".join(batch)
            batch, size = [], 0
        batch.append(record)
        size += len(record) + 1
    if batch:
        yield b"\n".join(batch)


def _checked(body: bytes, limit: int) -> bytes:
    if limit and len(body) > limit:
        raise PayloadTooLarge(f"Record of {len(body)} bytes exceeds MaxPayloadInMB ({limit // MEGABYTE})")
    return body


async def transform(
    bodies: Iterable[bytes], send: Send, output: BinaryIO, *, concurrency: int, lines: bool
) -> None:
    """Send every body and write the responses in the order of the bodies.

    With ``lines`` each response is followed by one newline, and blank responses are
    omitted. The first failure cancels the other requests.
    """
    assembly = _Assembly(output, lines)
    numbered = enumerate(bodies)

    async def work() -> None:
        # The workers share one iterator: each takes the next body when it is done with its last.
        for number, body in numbered:
            assembly.add(number, await send(body))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


class _Assembly:
    """Holds back responses that arrive before an earlier one."""

    def __init__(self, output: BinaryIO, lines: bool) -> None:
        self._output = output
        self._lines = lines
        self._next = 0
        self._early: dict[int, bytes] = {}

    def add(self, number: int, response: bytes) -> None:
        self._early[number] = response
        while self._next in self._early:
            self._write(self._early.pop(self._next))
            self._next += 1

    def _write(self, response: bytes) -> None:
        if not self._lines:
            self._output.write(response)
        elif response.strip():
            self._output.write(response.rstrip(b"\r\n") + b"\n")
