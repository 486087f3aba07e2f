"""Programs, their watchdog, and the client that talks to them."""

import asyncio
import contextlib
import errno
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from local.sagemaker.programs import http_client, subprocesses, watchdog
from local.sagemaker.programs.http_client import ConnectionBroken, HttpClient, Reply
from local.sagemaker.programs.ports import PORTS, free_port
from local.sagemaker.programs.programs import Launch, SubprocessRunner

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: a\r\n\r\nok"


class Client(NamedTuple):
    """A client, and the address of the server that it talks to."""

    http: HttpClient
    url: str


def run_program(tmp_path: Path, code: str, use: Callable[[SubprocessRunner, Launch], Awaitable[int]]) -> int:
    """Run ``recommender.train`` with this code, and what a test does with it."""
    package = tmp_path / "programs" / "recommender"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "train.py").write_text(code)

    async def main() -> int:
        runner = SubprocessRunner(tmp_path / "programs")
        try:
            return await use(runner, Launch("image", "train", tmp_path, tmp_path / "log"))
        finally:
            await runner.close()

    return asyncio.run(main())


async def to_the_end(runner: SubprocessRunner, launch: Launch) -> int:
    return await (await runner.start(launch)).wait()


def test_output_and_exit_code_are_kept(tmp_path: Path) -> None:
    lines: list[str] = []

    async def use(runner: SubprocessRunner, launch: Launch) -> int:
        return await to_the_end(runner, Launch(**{**vars(launch), "on_line": lines.append}))

    code = "import sys\nprint('x' * 200_000)\nsys.stderr.write('no newline')\nsys.exit(5)"
    assert run_program(tmp_path, code, use) == 5
    assert [len(line) for line in lines] == [200_000, 10]
    assert (tmp_path / "log").stat().st_size == 200_011


def test_a_child_that_holds_the_output_open_does_not_hold_us_up(tmp_path: Path) -> None:
    code = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    assert run_program(tmp_path, code, to_the_end) == 0


def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up')\ntime.sleep(600)"

    async def use(runner: SubprocessRunner, launch: Launch) -> int:
        program = await runner.start(launch)
        while "up" not in (tmp_path / "log").read_text():
            await asyncio.sleep(0.01)
        return await program.stop(grace=0.05)

    assert run_program(tmp_path, code, use) == 128 + signal.SIGKILL


def test_credentials_do_not_reach_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    environment = subprocesses.environment(tmp_path, tmp_path / "algorithm")
    assert "secret" not in environment.values()
    assert environment["OMP_NUM_THREADS"] == "2"
    assert environment["SAGEMAKER_BASE_DIR"] == str(tmp_path)


def test_the_watchdog_kills_what_is_still_on_its_list() -> None:
    sleepers = [
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        for _ in range(2)
    ]
    kept, ended = sleepers
    watchdog.watch([f"+{kept.pid}\n", f"+{ended.pid}\n", f"-{kept.pid}\n"])
    assert ended.wait(timeout=60) == -signal.SIGKILL
    assert kept.poll() is None
    kept.kill()
    kept.wait(timeout=60)


def talk(serve: Serve, use: Callable[[Client], Awaitable[None]]) -> None:
    """Let a client talk to a server that serves each connection by ``serve``, then closes it."""
    handlers: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(cast("asyncio.Task[None]", asyncio.current_task()))
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            async with HttpClient() as client:
                await use(Client(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
            await asyncio.gather(*handlers)

    asyncio.run(main())


async def ask(client: Client, timeout: float = 60) -> Reply:
    url = f"{client.url}/invocations"
    return await client.http.request("POST", url, {"accept": "text/csv"}, b"body", timeout)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(4)


def test_one_connection_carries_one_request_after_the_other() -> None:
    connections, requests = [], []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while True:
            requests.append(await read_request(reader))
            writer.write(OK)

    async def use(client: Client) -> None:
        for _ in range(3):
            reply = await ask(client)
            assert (reply.status, reply.body, reply.headers["x-kind"]) == (200, b"ok", "a")

    talk(serve, use)
    assert len(connections) == 1
    assert len(requests) == 3
    assert requests[0].startswith(b"POST /invocations HTTP/1.1\r\n")
    lines = requests[0].decode().split("\r\n")
    assert sorted(line.partition(":")[0].lower() for line in lines[1:-2]) == [
        "accept",
        "content-length",
        "host",
    ]
    assert requests[0].endswith(b"\r\n\r\nbody")


def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)
        # The next request is read and dropped, as by a server whose keep-alive ran out.
        await reader.read(1)

    async def use(client: Client) -> None:
        for _ in range(3):
            assert (await ask(client)).body == b"ok"

    talk(serve, use)


def test_a_request_whose_answer_began_is_not_sent_again() -> None:
    requests = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(OK)
        requests.append(await read_request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-")

    async def use(client: Client) -> None:
        assert (await ask(client)).body == b"ok"
        with pytest.raises(ConnectionBroken):
            await ask(client)

    talk(serve, use)
    assert len(requests) == 2


def test_a_refused_connection_is_reported() -> None:
    async def use() -> None:
        async with HttpClient() as client:
            with pytest.raises(ConnectionBroken, match="Cannot connect"):
                await client.request("GET", f"http://127.0.0.1:{free_port()}/ping", {}, b"", 5)

    asyncio.run(use())


def test_a_socket_that_cannot_be_opened_is_reported_at_the_first_try(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def refuse(*kind: object) -> None:
        tries.append(kind)
        raise OSError(errno.EMFILE, "Too many open files")

    async def use() -> None:
        async with HttpClient() as client:
            monkeypatch.setattr(http_client, "_open_socket", refuse)
            with pytest.raises(ConnectionBroken, match="Too many open files"):
                await client.request("GET", f"http://127.0.0.1:{PORTS[0]}/ping", {}, b"", 60)
            monkeypatch.undo()

    asyncio.run(use())
    assert len(tries) == 1


def test_a_large_body_arrives_whole_and_with_its_length() -> None:
    large = bytes(5 << 20)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert f"content-length: {len(large)}\r\n".encode() in head.lower()
        assert await reader.readexactly(len(large)) == large
        writer.write(OK)

    async def use(client: Client) -> None:
        reply = await client.http.request("POST", f"{client.url}/invocations", {}, large, 60)
        assert reply.body == b"ok"

    talk(serve, use)


def test_a_header_is_read_as_asgi_servers_read_it() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        long = b"x" * 20_000
        writer.write(b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nX-Long: ")
        writer.write(long + b"\r\nContent-Length: 0\r\n\r\n")

    async def use(client: Client) -> None:
        headers = (await ask(client)).headers
        assert headers["x-name"] == "caf\xe9"
        assert len(headers["x-long"]) == 20_000

    talk(serve, use)


def test_a_request_on_a_kept_connection_that_was_reset_is_sent_again() -> None:
    requests = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(OK)
        requests.append(await read_request(reader))
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        writer.transport.abort()

    async def use(client: Client) -> None:
        for _ in range(2):
            assert (await ask(client)).body == b"ok"

    talk(serve, use)
    assert len(requests) == 3


def test_requests_that_wait_are_aborted_when_the_client_closes() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def use(client: Client) -> None:
        waiting = asyncio.ensure_future(ask(client))
        await asyncio.sleep(0.05)
        await client.http.close()
        with pytest.raises(ConnectionBroken):
            await waiting

    talk(serve, use)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"SMTP 220\r\n"]
)
def test_a_broken_response_is_reported(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)

    async def use(client: Client) -> None:
        with pytest.raises(ConnectionBroken):
            await ask(client)

    talk(serve, use)


def test_a_silent_server_is_given_up_on() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def use(client: Client) -> None:
        with pytest.raises(TimeoutError):
            await ask(client, timeout=0.05)

    talk(serve, use)


def test_chunked_answers_are_put_together() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await writer.drain()
        writer.write(b"1\r\nc\r\n0\r\n\r\n")

    async def use(client: Client) -> None:
        assert (await ask(client)).body == b"abc"

    talk(serve, use)


def test_ports_are_out_of_the_way_of_clients() -> None:
    assert {free_port() in PORTS for _ in range(20)} == {True}
    assert max(PORTS) < 32768
