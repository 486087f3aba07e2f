"""Forwards connections of containers to servers that listen on the loopback interface alone.

``python -m local.containers.relay ADDRESS PORT...`` listens on one address, that of
Docker's bridge, and passes each connection on to the same port of the loopback
interface. The bridge belongs to this machine: the servers stay off the network.
"""

import asyncio
import contextlib
import signal
import sys
from functools import partial

LOOPBACK = "127.0.0.1"
CHUNK = 65536


async def relay(address: str, ports: list[int]) -> list[asyncio.Server]:
    """Listen on every port of the address; raises OSError where one is taken."""
    return [await asyncio.start_server(partial(_pass_on, port), address, port) for port in ports]


async def _pass_on(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        to_reader, to_writer = await asyncio.open_connection(LOOPBACK, port)
        with contextlib.closing(to_writer):
            await asyncio.gather(_copy(reader, to_writer), _copy(to_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the sender has ended, then close the receiver's side."""
    while chunk := await reader.read(CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def serve(address: str, ports: list[int]) -> None:
    """Relay until SIGTERM or SIGINT."""
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    servers = await relay(address, ports)
    await done.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], [int(port) for port in sys.argv[2:]]))
