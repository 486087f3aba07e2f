"""A load generator for one HTTP server: as fast as it can (closed loop), or at a given rate (open loop).

One thread over non-blocking sockets and select: it spends some microseconds on a request, where an HTTP
library spends more than the servers under test.
"""

import socket
import statistics
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from select import select

PATIENCE = 30.0


@dataclass(frozen=True)
class Load:
    """What came of it: ``latencies`` in seconds; ``cpu_share`` is this process's own part of one CPU."""

    seconds: float
    latencies: list[float]
    cpu_share: float

    @property
    def requests_per_second(self) -> float:
        """Answers in a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Latency in milliseconds."""
        return 1000 * statistics.quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


class _Connection:
    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)
        self._socket = self._connect()
        self._received = b""
        self._closes = False
        self.begun = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes, begun: float) -> None:
        if self._closes:  # a server without keep-alive
            self._socket.close()
            self._socket = self._connect()
        self.begun = begun
        self._received = b""
        self._socket.sendall(request)

    def receive(self) -> bool:
        """Read what has arrived; return whether the response is complete."""
        chunk = self._socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError(f"the server closed a connection after {self._received[:200]!r}")
        self._received += chunk
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"the server answered {self._received[:300]!r}")
        head = head.lower()
        self._closes = b"connection: close" in head
        length = head.partition(b"content-length:")[2].partition(b"\r")[0]
        return len(body) >= int(length)

    @property
    def body(self) -> bytes:
        """Body of the answer."""
        return self._received.partition(b"\r\n\r\n")[2]

    def close(self) -> None:
        self._socket.close()

    def _connect(self) -> socket.socket:
        made = socket.create_connection(self._address, timeout=PATIENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


def run(
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float = 3600.0,
    rate: float | None = None,
    count: int | None = None,
) -> Load:
    """Send ``requests`` in a circle for so long; with ``rate``, one every 1/rate seconds whatever comes back.

    It ends after so many seconds, or ``count`` requests.

    In the open loop a request's latency counts from when it was due, not from when a connection was free.
    """
    idle = deque(_Connection(port) for _ in range(connections))
    every, busy = list(idle), set[_Connection]()
    latencies: list[float] = []
    begin, cpu = time.perf_counter(), time.process_time()
    end, sent = begin + seconds, 0
    try:
        while True:
            now = time.perf_counter()
            while idle and now < end:
                if sent == count:
                    end = now
                    break
                due = now if rate is None else begin + sent / rate
                if due > now:
                    break
                connection = idle.popleft()
                connection.send(requests[sent % len(requests)], due)
                busy.add(connection)
                sent += 1
            if not busy and now >= end:
                break
            pause = PATIENCE if rate is None or not idle or now >= end else begin + sent / rate - now
            ready = select(busy, (), (), max(0.0, pause))[0]
            if not ready and pause == PATIENCE:
                raise TimeoutError(f"no answer within {PATIENCE} seconds")
            for connection in ready:
                if connection.receive():
                    latencies.append(time.perf_counter() - connection.begun)
                    busy.remove(connection)
                    idle.append(connection)
    finally:
        for connection in every:
            connection.close()
    taken = time.perf_counter() - begin
    return Load(taken, latencies, (time.process_time() - cpu) / taken)


def post(path: str, body: bytes) -> bytes:
    """Build a request with a JSON body."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
    return "\r\n".join([*lines, f"content-length: {len(body)}"]).encode() + b"\r\n\r\n" + body


def get(path: str) -> bytes:
    """Build a request without a body."""
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


def ask(port: int, request: bytes) -> bytes:
    """Send one request and give the body of its answer."""
    connection = _Connection(port)
    try:
        connection.send(request, 0.0)
        while not connection.receive():
            pass
        return connection.body
    finally:
        connection.close()
