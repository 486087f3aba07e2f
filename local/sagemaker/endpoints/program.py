"""One serving program with a model: starts, restarts, drains and stops it, and sends it requests."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.sagemaker.account.records import Model
from local.sagemaker.cloudwatch.logs import CloudLog, Stream
from local.sagemaker.errors import JobFailed
from local.sagemaker.iam.iam import AccessRefused
from local.sagemaker.models import data as model_data
from local.sagemaker.models import marketplace
from local.sagemaker.programs.http_client import ConnectionBroken, Reply
from local.sagemaker.programs.ports import free_port
from local.sagemaker.programs.programs import Launch, Program

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

PING_INTERVAL = 0.05
PING_TIMEOUT = 2.0
TIMED_OUT = b"Your invocation timed out while waiting for a response from container primary."
MAX_PAUSE = 5.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Serving:
    """What to serve: the model, where to work and to log, environment variables, and the failure reason."""

    model: Model
    folder: Path
    log: Path
    stream: Stream
    environment: Mapping[str, str]
    unhealthy: str


class ModelServer:
    """A serving program on a port of its own; restarted whenever it dies before it is stopped."""

    def __init__(self, cloud: "Cloud", serving: Serving) -> None:
        self._cloud = cloud
        self._serving = serving
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self._program: Program | None = None
        self._cloud_log: CloudLog | None = None
        self._healthy = False
        self._stopping = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._in_flight = 0
        self._drained = asyncio.Event()
        self._drained.set()

    async def start(self) -> None:
        """Fetch the model, start the program and wait for its /ping; raises JobFailed."""
        await model_data.fetch(self._cloud, self._serving.model, self._serving.folder)
        self._cloud_log = await self._open_log()
        self._program = await self._launch()
        await self._wait_healthy(self._program)
        self._watching = self._cloud.start(self._watch(self._program))

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> Reply:
        """Send one request; failures on the way become a 500 or 503 reply."""
        if not self._healthy:
            return Reply(503, body=b"The container is not ready.")
        if self._serving.model.of_marketplace and (no := marketplace.refuse_request(method, path, body)):
            return no
        self._in_flight += 1
        self._drained.clear()
        try:
            return await self._cloud.http.request(method, f"{self._url}{path}", headers, body, timeout)
        except TimeoutError:
            return Reply(500, body=TIMED_OUT)
        except ConnectionBroken as error:
            return Reply(503, body=str(error).encode())
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._drained.set()

    async def stop(self, drain: float = 0.0) -> None:
        """Let requests in flight finish, for ``drain`` seconds at most, then stop the program."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), drain)
        self._stopping.set()
        self._healthy = False
        if self._program:
            await self._program.stop(self._cloud.settings.stop_grace)
        if self._watching:
            await self._watching
        if self._cloud_log:
            await self._cloud_log.close()
        await asyncio.to_thread(shutil.rmtree, self._serving.folder, ignore_errors=True)

    async def _open_log(self) -> CloudLog | None:
        cloud, role_arn = self._cloud, self._serving.model.request.get("ExecutionRoleArn")
        try:
            role = await cloud.iam.execution_role(role_arn)
        except AccessRefused:
            return None
        return CloudLog.open(cloud.aws, cloud.settings, self._serving.stream, role)

    async def _launch(self) -> Program:
        container = self._serving.model.container
        return await self._cloud.runner.start(
            Launch(
                image=container["Image"],
                command="serve",
                base=self._serving.folder,
                log=self._serving.log,
                environment={**container.get("Environment", {}), **self._serving.environment},
                port=self._port,
                on_line=self._cloud_log.write if self._cloud_log else None,
            )
        )

    async def _wait_healthy(self, program: Program) -> None:
        ended = asyncio.ensure_future(program.wait())
        try:
            async with asyncio.timeout(self._cloud.settings.ping_timeout):
                while not ended.done():
                    if await self._ping():
                        self._healthy = True
                        return
                    await asyncio.wait([ended], timeout=PING_INTERVAL)
        except TimeoutError:
            logger.warning("No healthy response to /ping within the timeout; log: %s", self._serving.log)
        finally:
            ended.cancel()
        raise JobFailed(self._serving.unhealthy)

    async def _ping(self) -> bool:
        try:
            reply = await self._cloud.http.request("GET", f"{self._url}/ping", {}, b"", PING_TIMEOUT)
        except (ConnectionBroken, TimeoutError):
            return False
        return reply.status == 200

    async def _watch(self, program: Program) -> None:
        """Restart the program whenever it dies: at once the first time, then after growing pauses."""
        pause = 0.0
        while True:
            code = await program.wait()
            self._healthy = False
            if await self._stopped_within(pause):
                return
            logger.warning("The serving program ended with exit code %s and is restarted", code)
            pause = min(2 * pause + 0.2, MAX_PAUSE)
            self._program = program = await self._launch()
            if self._stopping.is_set():
                await program.stop(self._cloud.settings.stop_grace)
                return
            with contextlib.suppress(JobFailed):
                await self._wait_healthy(program)

    async def _stopped_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()
