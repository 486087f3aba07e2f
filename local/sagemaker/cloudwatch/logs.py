"""Log streams in CloudWatch Logs, where SageMaker puts what a container writes."""

import contextlib
import logging
import time
from dataclasses import dataclass

from local.sagemaker.aws import Aws
from local.sagemaker.cloudwatch.pump import Batch, Pump
from local.sagemaker.iam.iam import AccessRefused, ExecutionRole
from local.sagemaker.settings import Settings

MAX_BATCH = 1000
MAX_MESSAGE = 8192
ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stream:
    """The place of a container's log."""

    group: str
    name: str

    @classmethod
    def of_training_job(cls, job: str) -> "Stream":
        """Name the stream of a training job's one instance."""
        return cls("/aws/sagemaker/TrainingJobs", f"{job}/algo-1-{round(time.time())}")

    @classmethod
    def of_transform_job(cls, job: str) -> "Stream":
        """Name the stream of a transform job's one instance."""
        return cls("/aws/sagemaker/TransformJobs", f"{job}/{_instance()}-{round(time.time())}")

    @classmethod
    def of_endpoint(cls, endpoint: str, variant: str) -> "Stream":
        """Name a stream of an endpoint's variant; each program is one instance."""
        return cls(f"/aws/sagemaker/Endpoints/{endpoint}", f"{variant}/{_instance()}")


def _instance() -> str:
    return f"i-{time.time_ns():017x}"[-19:]


class CloudLog:
    """Sends lines to a stream, which begins with the first of them."""

    def __init__(self, aws: Aws, stream: Stream) -> None:
        self._logs = aws.logs
        self._stream = stream
        self._made = False
        self._pump = Pump(self._put, stream.name)

    @classmethod
    def open(cls, aws: Aws, settings: Settings, stream: Stream, role: ExecutionRole) -> "CloudLog | None":
        """Open a stream; without the right to write logs, as in SageMaker, there is no log."""
        group = f"arn:aws:logs:{settings.region}:{settings.account}:log-group:{stream.group}"
        try:
            for action in ACTIONS:
                role.check(action, f"{group}:log-stream:{stream.name}")
        except AccessRefused as refused:
            logger.warning("%s has no log in CloudWatch: %s", stream.name, refused)
            return None
        return cls(aws, stream)

    def write(self, line: str) -> None:
        """Take a line; CloudWatch refuses empty ones."""
        if line.strip():
            self._pump.add({"timestamp": round(time.time() * 1000), "message": line[:MAX_MESSAGE]})

    async def close(self) -> None:
        """Send what is left, and stop."""
        await self._pump.close()

    def _put(self, lines: Batch) -> None:
        if not self._made:
            self._make()
            self._made = True
        for start in range(0, len(lines), MAX_BATCH):
            batch = lines[start : start + MAX_BATCH]
            self._logs.put_log_events(
                logGroupName=self._stream.group, logStreamName=self._stream.name, logEvents=batch
            )

    def _make(self) -> None:
        there = self._logs.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(there):
            self._logs.create_log_group(logGroupName=self._stream.group)
        with contextlib.suppress(there):
            self._logs.create_log_stream(logGroupName=self._stream.group, logStreamName=self._stream.name)
