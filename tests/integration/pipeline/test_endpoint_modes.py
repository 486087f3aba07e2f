"""Each change of EndpointMode, and of the algorithm, over the local SageMaker's own rules.

SageMaker turns a serverless endpoint into one on instances, and not back; Serverless Inference takes neither
network-isolated models nor Marketplace model packages.
"""

from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from activate_endpoint.activation import endpoint_changed
from approve_model.approval import judge_training_job
from local.sagemaker.endpoints import rollout
from local.sagemaker.models.marketplace import published_arn
from reconcile_runs.reconciling import reconcile
from retailrec_shared.core import aws
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run import Run
from start_batch.batch import start_batch
from start_training.training import start_training
from tests.chaos.services.sagemaker import IdleFleet, SageMaker, run_now
from tests.fakes import FakeEventBridge
from tests.integration.pipeline.test_steps import ENDPOINT, job, prepared, status

OWN, MARKETPLACE = "", published_arn("us-east-1")
MODES = ("serverless", "instance", "none")


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

    def configure(self, mode: str, algorithm: str = OWN) -> None:
        """Update the stack's parameters."""
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


@pytest.fixture
def stack(book: Ledger, bus: FakeEventBridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    made = Stack(book, bus, monkeypatch)
    yield made
    settings.cache_clear()


def kind(mode: str, algorithm: str = OWN) -> str | None:
    return None if mode == "none" else "instance" if algorithm else mode


@pytest.mark.parametrize(
    ("before", "after"), [(before, after) for before in MODES for after in MODES if before != after]
)
@pytest.mark.parametrize("algorithm", [OWN, MARKETPLACE], ids=["own image", "Marketplace"])
def test_the_live_run_comes_to_serve_in_every_other_mode(
    stack: Stack, before: str, after: str, algorithm: str
) -> None:
    stack.configure(before, algorithm)
    live = stack.live_run()
    assert (status(stack.book, live), stack.serves()) == (RunStatus.LIVE, kind(before, algorithm))
    stack.configure(after, algorithm)
    waiting = stack.settle()
    if (kind(before, algorithm), kind(after, algorithm)) == ("instance", "serverless"):
        assert f"aws sagemaker delete-endpoint --endpoint-name {ENDPOINT}" in waiting
        assert stack.serves() == "instance", "it serves until somebody deletes it"
        stack.delete_endpoint()
        waiting = stack.settle()
    assert (waiting, stack.serves()) == ("", kind(after, algorithm))
    assert status(stack.book, live) is RunStatus.LIVE


@pytest.mark.parametrize(
    ("before", "after"), [(before, after) for before in MODES for after in MODES if before != after]
)
def test_the_next_run_serves_in_the_new_mode(stack: Stack, before: str, after: str) -> None:
    stack.configure(before)
    stack.live_run()
    stack.configure(after)
    newer = stack.live_run()
    if (before, after) == ("instance", "serverless"):
        assert status(stack.book, newer) is RunStatus.APPROVED
        stack.delete_endpoint()
        stack.settle()
    assert (status(stack.book, newer), stack.serves()) == (RunStatus.LIVE, kind(after))


def test_a_marketplace_run_takes_a_serverless_endpoint_and_an_own_one_waits_for_its_deletion(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.configure("serverless")
    stack.live_run()
    image = settings().algorithm_image_uri
    stack.configure("serverless", MARKETPLACE)
    bought = stack.live_run()
    assert (status(stack.book, bought), stack.serves()) == (RunStatus.LIVE, "instance")
    monkeypatch.setenv("ALGORITHM_IMAGE_URI", image)
    monkeypatch.delenv("ALGORITHM_ARN")
    settings.cache_clear()
    own = stack.live_run()
    assert status(stack.book, own) is RunStatus.APPROVED
    stack.delete_endpoint()
    stack.settle()
    assert (status(stack.book, own), stack.serves()) == (RunStatus.LIVE, "serverless")


def test_a_run_that_was_approved_in_another_mode_gets_its_model(stack: Stack) -> None:
    stack.configure("none")
    run = stack.live_run()
    assert [model.name for model in stack.sagemaker.cloud.store.models] == [job(run)]
    stack.configure("serverless")
    stack.settle()
    isolated = {
        model.name: model.request["EnableNetworkIsolation"] for model in stack.sagemaker.cloud.store.models
    }
    assert isolated == {job(run): True, f"{job(run)}-s1": False}
    assert stack.serves() == "serverless"


def test_a_live_serverless_endpoint_of_an_earlier_release_stays(stack: Stack) -> None:
    """Its model has no network isolation, and shares its name with the batch's."""
    stack.configure("serverless")
    live = stack.live_run()
    endpoint = stack.sagemaker.endpoint
    assert endpoint is not None
    endpoint.config.name = job(live)
    begun = endpoint.generation
    assert stack.settle() == ""
    assert endpoint.generation == begun
    assert stack.serves() == "serverless"
