"""The local SageMaker runs the image as SageMaker does: as the owner of /opt/ml, which no other can write."""

import asyncio
import json
import os
import stat
from pathlib import Path

import httpx
import pytest

from local.sagemaker.programs.containers import ContainerRunner
from local.sagemaker.programs.ports import free_port
from local.sagemaker.programs.programs import Launch
from tests.image.conftest import Container
from tests.image.test_image import QUICK, checkerboard

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_it_trains_and_serves_in_containers(container: Container) -> None:
    container.lay_out(checkerboard(), QUICK)
    container.give("", os.getuid())  # who runs the local SageMaker
    lines: list[str] = []

    async def trained_and_asked() -> tuple[int, httpx.Response, int]:
        runner = ContainerRunner(container.image, str(container.ml))
        log = container.ml.with_name("log")
        try:
            training = Launch(container.image, "train", container.ml, log, {}, lines.append)
            trained = await (await runner.start(training)).wait()
            port = free_port()
            hosting = Launch(container.image, "serve", container.ml, log, {}, lines.append, port)
            server = await runner.start(hosting)
            answer = await ask(f"http://127.0.0.1:{port}/invocations")
            return trained, answer, await server.stop(60)
        finally:
            await runner.close()

    trained, answer, stopped = asyncio.run(trained_and_asked())
    assert (trained, answer.status_code, stopped) == (0, 200, 0), lines
    assert len(answer.json()) == 3
    assert lines.count("gave up root's privileges: runs as uid 10001") == (0 if os.getuid() else 2)
    assert open_to_others(container.ml) == []


async def ask(url: str) -> httpx.Response:
    """Ask until the server listens."""
    body = json.dumps({"user_id": "00003", "top_n": "3"})
    async with httpx.AsyncClient() as client:
        for _ in range(1200):
            try:
                return await client.post(url, content=body, headers={"Content-Type": "application/json"})
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise AssertionError("no server listens")


def open_to_others(folder: Path) -> list[Path]:
    """List what others than the owner can write to."""
    found = [folder, *folder.rglob("*")]
    return [path for path in found if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)]
