"""Ports for servers that are about to start."""

import contextlib
import random
import socket

# Below the range that Linux and macOS give to outgoing connections and to programs that ask for any port:
# none of them takes a port between our choice and the server's bind.
PORTS = range(20000, 32000)


def free_port() -> int:
    """Choose a free port of the loopback interface."""
    while True:
        port = random.choice(PORTS)  # noqa: S311 (no secret)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
