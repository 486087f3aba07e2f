"""The relay passes bytes both ways, ends with either side, and listens at the given address alone."""

import asyncio

import pytest

from local.containers import relay

ADDRESS = "127.0.0.2"  # stands for the bridge


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(1000):
        writer.write(chunk.upper())
    writer.close()


async def _through_a_relay(sent: bytes) -> bytes:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (listening,) = await relay.relay(ADDRESS, [port])
    try:
        reader, writer = await asyncio.open_connection(ADDRESS, port)
        writer.write(sent)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer
    finally:
        listening.close()
        server.close()


def test_what_is_sent_comes_back_through_it() -> None:
    assert asyncio.run(_through_a_relay(b"abc" * 100_000)) == b"ABC" * 100_000


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    async def ask() -> bytes:
        server = await asyncio.start_server(_echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        (listening,) = await relay.relay(ADDRESS, [port])
        try:
            reader, writer = await asyncio.open_connection(ADDRESS, port)
            answer = await asyncio.wait_for(reader.read(), 60)
            writer.close()
            return answer
        finally:
            listening.close()

    assert asyncio.run(ask()) == b""


def test_an_address_that_is_taken_is_an_error() -> None:
    async def twice() -> None:
        (first,) = await relay.relay(ADDRESS, [0])
        port = first.sockets[0].getsockname()[1]
        try:
            await relay.relay(ADDRESS, [port])
        finally:
            first.close()

    with pytest.raises(OSError, match="address already in use"):
        asyncio.run(twice())
