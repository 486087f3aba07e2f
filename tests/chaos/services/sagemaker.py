"""SageMaker in virtual time: the local SageMaker's own operations, without its processes.

Names, refusals, quotas, validation, endpoint rollouts and events are those of
``local.sagemaker``; only the work in between (downloads, programs, uploads) is left
out, and takes a drawn time instead.
"""

import copy
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from botocore.model import ListShape, Shape, StructureShape

from local.sagemaker.account.cloud import Cloud
from local.sagemaker.account.events import EventPublisher, StateChange
from local.sagemaker.account.faults import FaultBoard
from local.sagemaker.account.quotas import Quotas
from local.sagemaker.account.records import (
    Endpoint,
    EndpointConfig,
    ModelPackage,
    TrainingJob,
    TransformJob,
    TuningJob,
)  # fmt: skip
from local.sagemaker.account.store import Store
from local.sagemaker.aws import Aws
from local.sagemaker.endpoints.fleet import Fleet
from local.sagemaker.errors import JobFailed, ServiceError
from local.sagemaker.http import (
    service_model,  # fmt: skip
    validation,  # fmt: skip
)
from local.sagemaker.http.control import OPERATIONS
from local.sagemaker.http.service_model import serialise
from local.sagemaker.iam.iam import Iam
from local.sagemaker.models import packages as model_packages  # fmt: skip
from local.sagemaker.programs.programs import Runner
from local.sagemaker.s3 import S3, S3Uri
from local.sagemaker.settings import Settings
from local.sagemaker.training import run as training_run  # fmt: skip
from local.sagemaker.transform import run as transform_run  # fmt: skip
from local.sagemaker.tuning import rules as tuning_rules  # fmt: skip
from local.sagemaker.tuning import run as tuning_run  # fmt: skip
from tests.chaos.services.dynamodb import refusal

Work = Coroutine[Any, Any, Any]
Begun = Callable[[str, Any], None]


class _Role:
    def check(self, *_anything: Any) -> None: ...


class _Iam:
    async def execution_role(self, _arn: str) -> _Role:
        return _Role()


class _S3:
    def __init__(self, exists: Callable[[str, str], bool]) -> None:
        self._exists = exists

    async def exists(self, uri: S3Uri) -> bool:
        return self._exists(uri.bucket, uri.key)


class _Events:
    def __init__(self, emit: Callable[[StateChange], None]) -> None:
        self.emit = emit


class IdleFleet(Fleet):
    """A fleet without programs."""

    @classmethod
    def of(cls, cloud: Cloud, endpoint: Endpoint, config: EndpointConfig) -> "IdleFleet":
        """Find the models, as the real one does, and start nothing."""
        for variant in config.variants:
            try:
                cloud.store.models.find(variant["ModelName"])
            except ServiceError as error:
                raise JobFailed(error.message) from error
        fleet = cls([])
        fleet.requests = config.variants
        return fleet

    requests: list[Any]

    def describe(self) -> list[Any]:
        """Summarise the variants, as the real one does."""
        return [
            {"VariantName": each["VariantName"]}
            | (
                {"CurrentServerlessConfig": each["ServerlessConfig"]}
                if "ServerlessConfig" in each
                else {"CurrentInstanceCount": each["InitialInstanceCount"]}
            )
            for each in self.requests
        ]

    async def start(self) -> None:
        """Be up at once."""

    async def stop(self, drain: float = 0.0) -> None:
        """Be gone at once."""


class SageMaker:
    """boto3's client of SageMaker, over an account in memory; ``work`` hears of what has begun."""

    def __init__(
        self, emit: Callable[[StateChange], None], exists: Callable[[str, str], bool], work: Begun
    ) -> None:
        settings = Settings(state_dir=Path("/nowhere"), aws_endpoint="")
        store = Store(settings)
        quotas = Quotas(store, settings.instance_quota)
        self.cloud = Cloud(
            settings=settings,
            aws=cast(Aws, None),
            store=store,
            quotas=quotas,
            faults=FaultBoard(quotas.limits),
            events=cast(EventPublisher, _Events(emit)),
            iam=cast(Iam, _Iam()),
            s3=cast(S3, _S3(exists)),
            runner=cast(Runner, None),
        )
        self.cloud.start = self._start  # type: ignore[method-assign, assignment]
        self._work = work
        self._begun: list[Coroutine[Any, Any, None]] = []

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._begun.append(work)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Offer ``create_training_job`` for CreateTrainingJob, and so on."""
        operation = "".join(part.capitalize() for part in name.split("_"))
        if operation not in OPERATIONS:
            raise AttributeError(name)
        return lambda **request: self._call(operation, request)

    def _call(self, name: str, request: Any) -> Any:
        shape = service_model.operation(name)
        asked = copy.deepcopy(request)
        try:
            validation.check(shape.input_shape, asked)
            self.cloud.faults.refuse(name)
            answer = run_now(cast(Work, OPERATIONS[name].run(self.cloud, asked)))
        except ServiceError as error:
            raise refusal(error.code, error.message) from error
        for work in self._begun:
            self._work(name, work)
        self._begun.clear()
        return (
            _parsed(shape.output_shape, serialise(shape.output_shape, answer)) if shape.output_shape else {}
        )

    @property
    def endpoint(self) -> Endpoint | None:
        """The one endpoint there may be."""
        return next(iter(self.cloud.store.endpoints), None)

    @property
    def working(self) -> bool:
        """Whether a job or a rollout is under way."""
        store, endpoint = self.cloud.store, self.endpoint
        jobs = [*store.training_jobs, *store.tuning_jobs, *store.transform_jobs]
        packages = any(package.in_progress for package in store.model_packages)
        return packages or any(job.running for job in jobs) or bool(endpoint and endpoint.in_progress)

    def end_training(
        self,
        job: TrainingJob,
        secondary: str,
        metrics: dict[str, float],
        artifact: str,
        reason: str = "AlgorithmError: it was meant to fail, exit code: 1",
    ) -> None:
        """End a training job."""
        if secondary == "Completed":
            job.objective = [metrics["p@k(10)"]]
            job.metrics = [{"MetricName": name, "Value": value} for name, value in metrics.items()]
            job.artifact = artifact
        elif secondary == "Failed":
            job.failure_reason = reason
        training_run.enter(self.cloud, job, secondary)

    def end_package(self, package: ModelPackage, status: str) -> None:
        """End the making of a model package."""
        if status == "Failed":
            package.failure_reason = "ClientError: it was meant to fail"
        model_packages.enter(self.cloud, package, status)

    def begin_trial(self, job: TuningJob) -> TrainingJob:
        """Begin the next of a tuning job's training jobs."""
        registry, name = self.cloud.store.training_jobs, f"{job.name}-{len(job.trials) + 1:03}-0a1b2c3d"
        request = tuning_rules.training_request(job.request, name, {})
        trial = TrainingJob(name=name, arn=registry.arn(name), request=request, tuning_job=job.name)
        registry.add(trial)
        job.trials.append(name)
        training_run.enter(self.cloud, trial, "Starting")
        return trial

    def end_tuning(self, job: TuningJob, status: str) -> None:
        """End a tuning job."""
        if status == "Failed":
            job.failure_reason = "No training job succeeded after 2 attempts."
        tuning_run.enter(self.cloud, job, status)

    def end_transform(
        self, job: TransformJob, status: str, reason: str = "AlgorithmError: it was meant to fail"
    ) -> None:
        """End a transform job."""
        if status == "Failed":
            job.failure_reason = reason
        transform_run.enter(self.cloud, job, status)


def _parsed(shape: Shape, value: Any) -> Any:
    """Return an answer as boto3 does, with times as datetime."""
    if isinstance(shape, StructureShape):
        return {name: _parsed(shape.members[name], member) for name, member in value.items()}
    if isinstance(shape, ListShape):
        return [_parsed(shape.member, item) for item in value]
    return datetime.fromtimestamp(value, UTC) if shape.type_name == "timestamp" else value


def run_now(work: Work) -> Any:
    """Run a coroutine that waits for nothing but a turn of its event loop."""
    while True:
        try:
            work.send(None)
        except StopIteration as end:
            return end.value
