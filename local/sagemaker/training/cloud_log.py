"""A training job's log stream in CloudWatch Logs, where SageMaker puts what a container writes."""

import asyncio
import contextlib
import logging
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.aws import Aws
from local.sagemaker.iam.iam import AccessRefused, ExecutionRole
from local.sagemaker.settings import Settings

GROUP = "/aws/sagemaker/TrainingJobs"
FLUSH_SECONDS = 0.4
MAX_BATCH = 1000
MAX_MESSAGE = 8192
ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
logger = logging.getLogger(__name__)


class CloudLog:
    """Buffers lines and sends them every FLUSH_SECONDS; a failure does not affect the job."""

    def __init__(self, aws: Aws, stream: str) -> None:
        self._logs = aws.logs
        self._stream = stream
        self._lines: list[dict[str, Any]] = []
        self._made = False
        self._one_at_a_time = asyncio.Lock()
        self._pump = asyncio.get_running_loop().create_task(self._work())

    @classmethod
    def of_job(cls, aws: Aws, settings: Settings, job: str, role: ExecutionRole) -> "CloudLog | None":
        """Open the stream of a job; without the right to write logs, as in SageMaker, there is no log."""
        stream = f"{job}/algo-1-{round(time.time())}"
        place = f"arn:aws:logs:{settings.region}:{settings.account}:log-group:{GROUP}:log-stream:{stream}"
        try:
            for action in ACTIONS:
                role.check(action, place)
        except AccessRefused as refused:
            logger.warning("Training job %s has no log in CloudWatch: %s", job, refused)
            return None
        return cls(aws, stream)

    def write(self, line: str) -> None:
        """Take a line; CloudWatch refuses empty ones."""
        if line.strip():
            self._lines.append({"timestamp": round(time.time() * 1000), "message": line[:MAX_MESSAGE]})

    async def close(self) -> None:
        """Send what is left, and stop; a server that ends sends nothing more."""
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        task = asyncio.current_task()
        if task and not task.cancelling():
            await self._flush()

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            # Shielded: a batch on its way when the job ends must not be sent twice.
            await asyncio.shield(self._flush())

    async def _flush(self) -> None:
        async with self._one_at_a_time:
            lines, self._lines = self._lines, []
            try:
                await asyncio.to_thread(self._put, lines)
            except (BotoCoreError, ClientError):
                logger.exception("Could not send %d lines to log stream %s", len(lines), self._stream)

    def _put(self, lines: list[dict[str, Any]]) -> None:
        if lines and not self._made:
            self._make()
            self._made = True
        for start in range(0, len(lines), MAX_BATCH):
            batch = lines[start : start + MAX_BATCH]
            self._logs.put_log_events(logGroupName=GROUP, logStreamName=self._stream, logEvents=batch)

    def _make(self) -> None:
        there = self._logs.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(there):
            self._logs.create_log_group(logGroupName=GROUP)
        with contextlib.suppress(there):
            self._logs.create_log_stream(logGroupName=GROUP, logStreamName=self._stream)
