"""A uvicorn server that gets its connections from the parent process, through a channel."""

import asyncio
import contextlib
import signal
import socket
from types import FrameType

import uvicorn

from recommender.serve.app import App

# SageMaker kills a container 30 s after SIGTERM; others wait only ten.
SECONDS_TO_FINISH = 5


def serve(app: App, channel: socket.socket) -> None:
    """Serve until SIGTERM, or until the channel is closed because the parent ended."""
    # uvicorn finishes the current requests, then raises the signal again: then exit with 0.
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, _exit)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_Server(config, channel).serve())


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, channel: socket.socket) -> None:
        super().__init__(config)
        self._channel = channel
        self._arriving: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and listen only to the channel."""
        await super().startup(sockets=[])
        self._channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self._channel, self._receive)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, then finish."""
        asyncio.get_running_loop().remove_reader(self._channel)
        await super().shutdown(sockets)

    def _receive(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            self.should_exit = True
            asyncio.get_running_loop().remove_reader(self._channel)
        for descriptor in descriptors:
            task = asyncio.get_running_loop().create_task(self._serve_connection(descriptor))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _serve_connection(self, descriptor: int) -> None:
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        with contextlib.suppress(OSError):  # its client has disconnected
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        # The same as uvicorn's own startup makes for its listening sockets.
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


def _exit(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
