"""The life of one transform job."""

import asyncio
import contextlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from local.sagemaker.account import state_changes
from local.sagemaker.account.final_status import final_status
from local.sagemaker.account.records import ENDED, Document, Model, TransformJob, now
from local.sagemaker.cloudwatch.logs import Stream
from local.sagemaker.endpoints.program import ModelServer, Serving
from local.sagemaker.errors import JobFailed, JobStopped
from local.sagemaker.iam.iam import AccessRefused, ExecutionRole
from local.sagemaker.programs.http_client import Reply
from local.sagemaker.s3 import S3Failure, S3Uri, relative_key
from local.sagemaker.transform import batching

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

# SageMaker's defaults when neither the request nor /execution-parameters says otherwise.
DEFAULTS: Document = {"MaxConcurrentTransforms": 1, "BatchStrategy": "MultiRecord", "MaxPayloadInMB": 6}
# How /execution-parameters spells a strategy.
STRATEGIES = {"SINGLE_RECORD": "SingleRecord", "MULTI_RECORD": "MultiRecord"}
DEFAULT_TIMEOUT = 600


def enter(cloud: "Cloud", job: TransformJob, status: str) -> None:
    """Move a job to a status, save it, and emit its event."""
    job.status = status
    job.modified = now()
    if status in ENDED:
        job.ended = job.modified
    cloud.changed()
    cloud.events.emit(state_changes.transform(job))


async def run(cloud: "Cloud", job: TransformJob, model: Model) -> None:
    """Do the job's work; the job always ends in a final status."""
    transform = _Transform(cloud, job, model)
    status = await final_status(job, lambda: _until_stopped(job, transform))
    await transform.close()
    enter(cloud, job, status)


async def _until_stopped(job: TransformJob, transform: "_Transform") -> str:
    """Work until done or until the job is stopped, whichever comes first."""
    work = asyncio.ensure_future(transform.work())
    stop = asyncio.ensure_future(job.stop.wait())
    try:
        await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise JobStopped
        work.result()
        return "Completed"
    finally:
        stop.cancel()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, JobFailed):
            await work


class _Transform:
    """One job at work."""

    def __init__(self, cloud: "Cloud", job: TransformJob, model: Model) -> None:
        self._cloud = cloud
        self._job = job
        self._model = model
        self._home = cloud.settings.folder("transform-job", job.name)
        self._requested = {name: job.request[name] for name in DEFAULTS if name in job.request}
        self._parameters = DEFAULTS | self._requested
        self._headers = _headers(job.request)
        self._server = ModelServer(
            cloud,
            Serving(
                model=model,
                folder=self._home / "ml",
                log=self._home / "log",
                stream=Stream.of_transform_job(job.name),
                environment=job.request.get("Environment", {}) | {"SAGEMAKER_BATCH": "true"},
                unhealthy="ClientError: See job logs: the container did not pass the ping health check.",
            ),
        )

    async def work(self) -> None:
        """Start the program, then send it every input object and store its answers."""
        await self._cloud.faults.hold("transform-job")
        fault = self._cloud.faults.failure("transform-job")
        self._job.started = now()
        if fault:
            raise JobFailed(fault.reason)
        source = S3Uri.parse(self._job.request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"])
        try:
            role = await self._cloud.iam.execution_role(self._model.request.get("ExecutionRoleArn"))
            keys = await self._inputs(role, source)
            await self._server.start()
            await self._request_parameters()
            for key in keys:
                await self._transform(role, S3Uri(source.bucket, key), relative_key(source.key, key))
        except (AccessRefused, S3Failure) as problem:
            raise JobFailed(f"ClientError: Data transfer failed: {problem}") from problem

    async def close(self) -> None:
        """Stop the program and free the disk, but for the log."""
        await self._server.stop()
        await asyncio.to_thread(shutil.rmtree, self._home / "data", ignore_errors=True)

    async def _inputs(self, role: ExecutionRole, source: S3Uri) -> list[str]:
        role.check("s3:ListBucket", f"arn:aws:s3:::{source.bucket}", {"s3:prefix": source.key})
        try:
            keys = await self._cloud.s3.keys(source)
        except S3Failure as problem:
            raise JobFailed(f"ClientError: Data download failed: {problem}") from problem
        if not keys:
            raise JobFailed(f"ClientError: Data download failed: S3 key: {source} matched no files on s3")
        return keys

    async def _request_parameters(self) -> None:
        """Take from the container the parameters that the request does not set, as SageMaker does."""
        reply = await self._server.ask("GET", "/execution-parameters", {}, b"", timeout=5)
        with contextlib.suppress(ValueError):
            offered = json.loads(reply.body) if reply.status == 200 else {}
            if isinstance(offered, dict):
                strategy = str(offered.get("BatchStrategy", ""))
                if strategy in STRATEGIES:
                    offered["BatchStrategy"] = STRATEGIES[strategy]
                self._parameters |= {
                    name: offered[name] for name in DEFAULTS if name in offered
                } | self._requested

    async def _transform(self, role: ExecutionRole, source: S3Uri, relative: str) -> None:
        """Transform one object; its answers go to its own place below the output path, named ``.out``."""
        target = S3Uri.parse(self._job.request["TransformOutput"]["S3OutputPath"]).below(f"{relative}.out")
        role.check("s3:GetObject", source.arn)
        role.check("s3:PutObject", target.arn)
        given, made = self._home / "data" / "in", self._home / "data" / "out"
        await self._cloud.s3.download(source, given)
        await send_all(self._job.request, self._parameters, given, made, self._send)
        await self._cloud.s3.upload(made, target)

    async def _send(self, body: bytes) -> bytes:
        client = self._job.request.get("ModelClientConfig", {})
        timeout = client.get("InvocationsTimeoutInSeconds", DEFAULT_TIMEOUT)
        for _ in range(1 + client.get("InvocationsMaxRetries", 0)):
            reply = await self._server.ask("POST", "/invocations", self._headers, body, timeout)
            if reply.status < 400:
                return reply.body
            if reply.status < 500:
                break
        raise JobFailed(_failure_reason(reply))


async def send_all(
    request: Document, parameters: Document, given: Path, made: Path, send: batching.Send
) -> None:
    """Send one input file's records as the job asks, and put the answers together; raises JobFailed."""
    with given.open("rb") as file, made.open("wb") as output:
        bodies = batching.payloads(
            file,
            split=request["TransformInput"].get("SplitType") == "Line",
            many=parameters["BatchStrategy"] == "MultiRecord",
            limit=parameters["MaxPayloadInMB"] * batching.MEGABYTE,
        )
        try:
            await batching.transform(
                bodies,
                send,
                output,
                concurrency=max(1, parameters["MaxConcurrentTransforms"]),
                lines=request["TransformOutput"].get("AssembleWith") == "Line",
            )
        except batching.PayloadTooLarge as problem:
            raise JobFailed(f"ClientError: {problem}") from problem


def _headers(request: Document) -> dict[str, str]:
    headers = {
        "content-type": request["TransformInput"].get("ContentType"),
        "accept": request["TransformOutput"].get("Accept"),
    }
    return {name: value for name, value in headers.items() if value}


def _failure_reason(reply: Reply) -> str:
    side = "ClientError" if reply.status < 500 else "AlgorithmError"
    message = reply.body.decode(errors="replace")[:500]
    return f"{side}: See job logs for more information. The algorithm answered {reply.status}: {message}"
