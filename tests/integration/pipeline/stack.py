"""A stack over the local SageMaker's own rules, without its processes, and over the fake bus."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from activate_endpoint.activation import endpoint_changed
from approve_model.approval import judge_training_job
from local.sagemaker.endpoints import rollout
from publish_recommendations.publishing import transform_job_changed
from reconcile_runs.reconciling import reconcile
from retailrec_shared.core import aws
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.deployment import reconcile_endpoint
from start_batch.batch import start_batch
from start_training.training import start_training
from tests.chaos.services.sagemaker import IdleFleet, SageMaker, run_now
from tests.fakes import FakeEventBridge
from tests.integration.pipeline.test_steps import ENDPOINT, job, prepared

Json = dict[str, Any]
# Which function each event invokes, as the template says, with the member of the detail that it reads.
FUNCTIONS: dict[str, tuple[str, tuple[Callable[[str], None], ...]]] = {
    "DatasetPrepared": ("run_id", (start_training,)),
    "ModelApproved": ("run_id", (start_batch, lambda _run_id: reconcile_endpoint())),
    "SageMaker Training Job State Change": ("TrainingJobName", (judge_training_job,)),
    "SageMaker HyperParameter Tuning Job State Change": (
        "HyperParameterTuningJobName",
        (judge_training_job,),
    ),
    "SageMaker Transform Job State Change": ("TransformJobName", (transform_job_changed,)),
    "SageMaker Endpoint State Change": ("EndpointName", (endpoint_changed,)),
}


class Stack:
    """A stack with its SageMaker, whose EndpointMode and algorithm may change."""

    def __init__(self, book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch) -> None:
        self.book, self.bus, self._monkeypatch = book, bus, monkeypatch
        self._begun: list[Coroutine[Any, Any, None]] = []
        self.sagemaker = SageMaker(lambda _change: None, lambda _bucket, _key: True, self._works)
        monkeypatch.setattr(aws, "sagemaker", lambda: self.sagemaker)
        monkeypatch.setattr(rollout, "Fleet", IdleFleet)
        self._runs = 0

    def _works(self, operation: str, work: Coroutine[Any, Any, None]) -> None:
        if operation.endswith("Endpoint"):
            self._begun.append(work)
        else:
            work.close()

    def close(self) -> None:
        """Drop the work that was begun and not done."""
        for work in self._begun:
            work.close()

    def configure(self, mode: str, algorithm: str = "", tuning: str = "off") -> None:
        """Update the stack's parameters."""
        self._monkeypatch.setenv("TUNING", tuning)
        self._monkeypatch.setenv("ENDPOINT_MODE", mode)
        if algorithm:
            self._monkeypatch.setenv("ALGORITHM_ARN", algorithm)
            self._monkeypatch.delenv("ALGORITHM_IMAGE_URI", raising=False)
        settings.cache_clear()

    def live_run(self) -> Run:
        """Take a new upload to live."""
        self._runs += 1
        made = prepared(self.book, self._runs, None, **settings().run_configuration())
        start_training(made.run_id)
        trained = self.sagemaker.cloud.store.training_jobs.find(job(made))
        self.sagemaker.end_training(trained, "Completed", {"p@k(10)": 0.2}, "s3://data/model.tar.gz")
        self.judge(made)
        start_batch(made.run_id)
        self.book.end_stage(made.run_id, Stage.PUBLISH)
        self.settle()
        return made

    def judge(self, run: Run) -> None:
        """Let SageMaker make what is to be made of a trained run's model."""
        try:
            judge_training_job(job(run))
        except NotYet:
            for package in self.sagemaker.cloud.store.model_packages:
                self.sagemaker.end_package(package, "Completed")
            judge_training_job(job(run))

    def deliver(self) -> list[str]:
        """Let each event that was sent invoke its functions; return what they wait for."""
        entries, waiting = self.bus.entries[:], []
        self.bus.entries.clear()
        for entry in entries:
            name, functions = FUNCTIONS.get(entry["DetailType"], ("", ()))
            for function in functions:
                try:
                    function(json.loads(entry["Detail"])[name])
                except NotYet as error:
                    waiting.append(str(error))
        return waiting

    def now(self, run: Run) -> Run:
        """Read a run as it is."""
        found = self.book.get(run.run_id)
        assert found is not None
        return found

    def settle(self, passes: int = 4) -> str:
        """Let the reconciler pass, its events arrive and SageMaker work; return what waits at last."""
        waiting = ""
        for _ in range(passes):
            self.bus.entries.clear()
            reconcile()
            for entry in self.bus.published("SageMaker Training Job State Change"):
                judge_training_job(entry["TrainingJobName"])
            waiting = ""
            try:
                endpoint_changed(ENDPOINT)
            except NotYet as error:
                waiting = str(error)
            while self._begun:
                run_now(self._begun.pop(0))
        return waiting

    def serves(self) -> str | None:
        """Return the kind of the endpoint in service; ``None`` without one."""
        if self.sagemaker.endpoint is None:
            return None
        found = self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
        assert found["EndpointStatus"] == "InService"
        (variant,) = found["ProductionVariants"]
        return "serverless" if "CurrentServerlessConfig" in variant else "instance"

    def delete_endpoint(self) -> None:
        """Do what the instruction says."""
        self.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
        while self._begun:
            run_now(self._begun.pop(0))
