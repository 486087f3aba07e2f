"""The life of one training job, from its data's download to its model's upload."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.sagemaker.account import state_changes
from local.sagemaker.account.final_status import final_status
from local.sagemaker.account.records import Document, TrainingJob, now
from local.sagemaker.cloudwatch.logs import CloudLog, Stream
from local.sagemaker.cloudwatch.metrics import CloudMetrics
from local.sagemaker.errors import JobFailed
from local.sagemaker.iam.iam import AccessRefused, ExecutionRole
from local.sagemaker.models import marketplace
from local.sagemaker.programs import archives
from local.sagemaker.programs.programs import Launch
from local.sagemaker.s3 import S3Failure, S3Uri, relative_key
from local.sagemaker.training.checkpoints import CheckpointFolder
from local.sagemaker.training.metrics import MetricScanner
from local.sagemaker.training.ml_folder import MlFolder

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

# Secondary statuses that end a job, with the status that they end it in.
ENDS = {"Completed": "Completed", "Failed": "Failed", "Stopped": "Stopped", "MaxRuntimeExceeded": "Stopped"}
MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "MaxRuntimeExceeded": "Training job exceeded MaxRuntimeInSeconds",
}
# The error after which a RetryStrategy has the job tried again.
RETRIED = "InternalServerError"
# The hyperparameter that names a tuning job's objective metric to its training jobs.
OBJECTIVE = "_tuning_objective_metric"


def request_stop(cloud: "Cloud", job: TrainingJob) -> None:
    """Ask a job to stop; one that is stopping already stays so."""
    if job.running and job.status != "Stopping":
        job.status = "Stopping"
        enter(cloud, job, "Stopping")
        job.stop.set()


def enter(cloud: "Cloud", job: TrainingJob, secondary: str) -> None:
    """Move a job to a secondary status, save it, and emit its event."""
    moment = now()
    if job.transitions:
        job.transitions[-1].setdefault("EndTime", moment)
    transition: Document = {"Status": secondary, "StartTime": moment, "StatusMessage": MESSAGES[secondary]}
    if secondary in ENDS:
        job.status = ENDS[secondary]
        job.ended = moment
        transition |= {"EndTime": moment, "StatusMessage": job.failure_reason or MESSAGES[secondary]}
    job.secondary_status = secondary
    job.modified = moment
    job.transitions.append(transition)
    cloud.changed()
    cloud.events.emit(state_changes.training(job))


async def run(cloud: "Cloud", job: TrainingJob) -> None:
    """Do the job's work, again after an InternalServerError as often as its RetryStrategy says.

    The job always ends in a final status.
    """
    retries = job.request.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
    end = await final_status(job, lambda: _Training(cloud, job).work())
    while end == "Failed" and (job.failure_reason or "").startswith(RETRIED) and retries:
        retries -= 1
        job.failure_reason = None
        enter(cloud, job, "Starting")
        end = await final_status(job, lambda: _Training(cloud, job).work())
    enter(cloud, job, end)


class _Training:
    """One job at work."""

    def __init__(self, cloud: "Cloud", job: TrainingJob) -> None:
        self._cloud = cloud
        self._job = job
        earlier = now() - job.started if job.started else timedelta()
        self._seconds_of_earlier_attempts = earlier.total_seconds()
        self._home = cloud.settings.folder("training-job", job.name)
        self._ml = MlFolder(self._home / "ml")
        algorithm = job.request["AlgorithmSpecification"]
        self._from_marketplace = "AlgorithmName" in algorithm
        self._image: str = marketplace.IMAGE if self._from_marketplace else algorithm["TrainingImage"]
        given = algorithm.get("MetricDefinitions", [])
        self._metrics = MetricScanner([marketplace.METRIC] if self._from_marketplace else given)

    async def work(self) -> str:
        """Go through the states; returns the secondary status to end in."""
        if await self._stopped_while_held():
            return "Stopped"
        fault = self._cloud.faults.failure("training-job")
        self._job.started = self._job.started or now()
        enter(self._cloud, self._job, "Downloading")
        request = (
            marketplace.for_our_programs(self._job.request) if self._from_marketplace else self._job.request
        )
        await asyncio.to_thread(self._ml.remove)  # what an attempt before this one left
        await asyncio.to_thread(self._ml.lay_out, request)
        role = await self._role()
        await self._download(role)
        if self._job.stop.is_set():
            return "Stopped"
        checkpoints = await self._checkpoints(role)
        enter(self._cloud, self._job, "Training")
        if fault:
            raise JobFailed(fault.reason)
        end = await self._train_with(checkpoints, role)
        if end == "Completed":
            enter(self._cloud, self._job, "Uploading")
        await self._upload(role)
        await asyncio.to_thread(self._ml.remove)
        return end

    async def _stopped_while_held(self) -> bool:
        """Wait as long as a fault says, but not after the job is stopped."""
        held = self._cloud.faults.hold("training-job")
        return await _first(self._job.stop.wait(), held) == 0 or self._job.stop.is_set()

    async def _role(self) -> ExecutionRole:
        try:
            return await self._cloud.iam.execution_role(self._job.request["RoleArn"])
        except AccessRefused as refused:
            raise JobFailed(f"ClientError: {refused}") from refused

    async def _download(self, role: ExecutionRole) -> None:
        for channel in self._job.request.get("InputDataConfig", []):
            source = S3Uri.parse(channel["DataSource"]["S3DataSource"]["S3Uri"])
            try:
                await self._fetch(role, source, channel["ChannelName"])
            except (AccessRefused, S3Failure) as problem:
                raise JobFailed(f"ClientError: Data download failed: {problem}") from problem

    async def _fetch(self, role: ExecutionRole, source: S3Uri, channel: str) -> None:
        role.check("s3:ListBucket", f"arn:aws:s3:::{source.bucket}", {"s3:prefix": source.key})
        keys = await self._cloud.s3.keys(source)
        if not keys:
            raise S3Failure(f"S3 key: {source} matched no files on s3")
        for key in keys:
            role.check("s3:GetObject", S3Uri(source.bucket, key).arn)
            path = self._ml.channel(channel) / relative_key(source.key, key)
            await self._cloud.s3.download(S3Uri(source.bucket, key), path)

    async def _checkpoints(self, role: ExecutionRole) -> CheckpointFolder | None:
        config = self._job.request.get("CheckpointConfig")
        if config is None:
            return None
        folder = CheckpointFolder(config, self._ml.base, self._cloud.s3, role)
        try:
            await folder.fetch()
        except (AccessRefused, S3Failure) as problem:
            raise JobFailed(f"ClientError: Checkpoint download failed: {problem}") from problem
        return folder

    async def _train_with(self, checkpoints: CheckpointFolder | None, role: ExecutionRole) -> str:
        """Train, and store the checkpoints in any case: a failed job needs them most."""
        if checkpoints is None:
            return await self._train_and_log(role)
        syncing = asyncio.ensure_future(checkpoints.sync_until_cancelled())
        try:
            return await self._train_and_log(role)
        finally:
            syncing.cancel()
            await asyncio.wait([syncing])
            await self._store_checkpoints(checkpoints)

    async def _store_checkpoints(self, checkpoints: CheckpointFolder) -> None:
        try:
            await checkpoints.store()
        except (AccessRefused, S3Failure) as problem:
            raise JobFailed(f"ClientError: Checkpoint upload failed: {problem}") from problem

    async def _train_and_log(self, role: ExecutionRole) -> str:
        """Run the program, and send its output and its metrics to CloudWatch as well."""
        aws, name = self._cloud.aws, self._job.name
        log = CloudLog.open(aws, self._cloud.settings, Stream.of_training_job(name), role)
        metrics = CloudMetrics.open(aws, name, role) if self._metrics.defined else None
        try:
            return await self._train(log, metrics)
        finally:
            for opened in (log, metrics):
                if opened:
                    await opened.close()

    async def _train(self, log: CloudLog | None, metrics: CloudMetrics | None) -> str:
        """Run the program; returns the secondary status that its end means."""

        def on_line(line: str) -> None:
            seen = self._metrics.read(line)
            self._record_objective(seen)
            if log:
                log.write(line)
            if metrics:
                for name, value in seen:
                    metrics.add(name, value)

        program = await self._cloud.runner.start(
            Launch(
                image=self._image,
                command="train",
                base=self._ml.base,
                log=self._home / "log",
                environment=self._environment(),
                on_line=on_line,
            )
        )
        limit = self._job.request["StoppingCondition"].get("MaxRuntimeInSeconds", 86400)
        limit -= self._seconds_of_earlier_attempts  # it is of all attempts together
        first = await _first(program.wait(), self._job.stop.wait(), asyncio.sleep(limit))
        code = await (program.wait() if first == 0 else program.stop(self._cloud.settings.stop_grace))
        self._job.metrics = self._metrics.final()
        if first == 0 and code != 0:
            reason = self._ml.failure() or "See the log of the training job"
            raise JobFailed(f"AlgorithmError: {reason}, exit code: {code}")
        return ("Completed", "Stopped", "MaxRuntimeExceeded")[first]

    def _record_objective(self, seen: list[tuple[str, float]]) -> None:
        """Record each value of the objective metric, and call the tuning job's callback."""
        objective = self._job.request["HyperParameters"].get(OBJECTIVE) if self._job.watch else None
        for name, value in seen:
            if self._job.watch and name == objective:
                self._job.objective.append(value)
                self._job.watch(value)

    def _environment(self) -> dict[str, str]:
        job, settings = self._job, self._cloud.settings
        return {
            **job.request.get("Environment", {}),
            "TRAINING_JOB_NAME": job.name,
            "TRAINING_JOB_ARN": job.arn,
            "AWS_REGION": settings.region,
        }

    async def _upload(self, role: ExecutionRole) -> None:
        """Store what the program left: its model, and its other output if there is any."""
        path = self._job.request["OutputDataConfig"]["S3OutputPath"]
        place = S3Uri.parse(path).below(self._job.name, "output")
        try:
            if any(self._ml.output_data.iterdir()) and not self._from_marketplace:
                await self._store(role, self._ml.output_data, place.below("output.tar.gz"))
            self._job.artifact = await self._store(role, self._ml.model, place.below("model.tar.gz"))
        except (AccessRefused, S3Failure) as problem:
            raise JobFailed(f"ClientError: Artifact upload failed: {problem}") from problem

    async def _store(self, role: ExecutionRole, folder: Path, to: S3Uri) -> str:
        role.check("s3:PutObject", to.arn)
        archive = self._home / to.key.rsplit("/", 1)[-1]
        await asyncio.to_thread(archives.pack, folder, archive)
        await self._cloud.s3.upload(archive, to)
        archive.unlink()
        return str(to)


async def _first(*waits: Coroutine[Any, Any, Any]) -> int:
    """Wait for the first of several things; returns its position and drops the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(number for number, task in enumerate(tasks) if task.done())
    finally:
        for task in tasks:
            task.cancel()
