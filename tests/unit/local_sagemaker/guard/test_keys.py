"""The local SageMaker believes the emulator about a key, and nobody else on the emulator's port."""

import asyncio
import json
from pathlib import Path

import pytest

from local.sagemaker.guard.keys import PROOF, Key, Refused, proof
from local.sagemaker.iam.callers import Keys
from local.sagemaker.settings import Settings

SECRET = "root's secret"
DESCRIBED = {"secret": "s", "arn": "arn:aws:iam::000000000000:user/eve", "kind": "User", "name": "eve"}


def find(secret: str, asked: str = "") -> Key:
    """Look a key up where a server answers that knows this secret; ``asked`` is what it was asked before."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        body = json.dumps(DESCRIBED).encode()
        shown = proof(secret, asked or headers["Authorization"], body) if secret else "0"
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n{PROOF}: {shown}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async def ask() -> Key:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            settings = Settings(Path("nowhere"), url, root_key="AKIAROOT", root_secret=SECRET)
            return await Keys(settings).find("AKIAEVE", "")

    return asyncio.run(ask())


def test_the_emulator_describes_a_key() -> None:
    assert find(SECRET) == Key("AKIAEVE", "s", DESCRIBED["arn"], "User", "eve")


@pytest.mark.parametrize(("secret", "asked"), [("", ""), ("guessed", ""), (SECRET, "of another request")])
def test_a_stranger_on_the_emulators_port_makes_nobody_anything(secret: str, asked: str) -> None:
    with pytest.raises(Refused):
        find(secret, asked)
