"""Histories on the running local cloud: its faults, and processes that are really killed.

The reconciler is called in this process, with a clock that is twenty minutes fast: what takes
minutes of patience on AWS takes seconds here. Everything else is as ``retailrec up`` deploys it.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import cloud
from local.cloud import services
from local.cloud.services import client_environment
from local.cloud.state import Running
from reconcile_runs import reconciling
from retailrec.client.dropping import upload
from retailrec.client.stack import Stack
from retailrec.generate import Shape, write
from retailrec_shared.core import aws, names
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import ENDED, LIVE_OR_SUPERSEDED, RunStatus, Stage
from retailrec_shared.ledger.ledger import ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.table import serving
from tests.clouds import own_cloud
from tests.local_sagemaker import ask_sagemaker

STORMS, HISTORIES = 4, 5  # twenty histories in all; what must hold is looked at after each fifth
ROWS = 2_000
STORM_SECONDS = 8.0
CALM_SECONDS = 900.0  # a quiet machine needs a minute
QUIET_SECONDS = 8.0
FAST = timedelta(minutes=20)
MOVES = ("CreateTrainingJob", "CreateTransformJob", "CreateModel", "CreateEndpoint", "UpdateEndpoint")
KINDS = ("training-job", "transform-job", "endpoint")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


class _FastClock(datetime):
    @classmethod
    def now(cls, tz: Any = UTC) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + FAST


class Storm:
    """The cloud of these histories, and what befell it."""

    def __init__(self, state: Running) -> None:
        self.state = state
        self.stack = Stack.local(state)
        self.struck: list[str] = []
        self.dropped: list[str] = []

    def drop(self, path: Path) -> None:
        upload(self.stack, path, path.name, lambda _sent: None)
        self.dropped.append(path.name)

    def faults(self, method: str, asked: Any = None) -> None:
        ask_sagemaker(self.state, method, "/_faults", asked)

    def kill_sagemaker(self) -> None:
        os.kill(self.state.pids["sagemaker"], signal.SIGKILL)
        self.struck.append("SageMaker killed")
        self.state = services.restart(self.state, "sagemaker")

    def kill_a_lambda(self, dice: random.Random) -> None:
        if workers := children_of(self.state.pids["ministack"]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(dice.choice(workers), signal.SIGKILL)
                self.struck.append("Lambda killed")

    def runs(self) -> list[Run]:
        return [run for run in self.stack.ledger().runs() if run.upload.key in self.dropped]


def children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """A cloud of its own, whose reconciler can also be called from here."""
    with own_cloud(tmp_path_factory.mktemp("storm")), pytest.MonkeyPatch.context() as patch:
        found = Storm(cloud.up(print))
        lambdas = found.stack.aws("lambda")
        deployed = lambdas.get_function_configuration(FunctionName="retailrec-reconcile-runs")
        for name, value in {
            **client_environment(found.state),
            **deployed["Environment"]["Variables"],
        }.items():
            patch.setenv(name, value)
        patch.setattr(reconciling, "datetime", _FastClock)
        forget_clients()
        yield found
    forget_clients()


def forget_clients() -> None:
    for cached in (settings, ledger, serving, *vars(aws).values()):
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()


def some_fault(dice: random.Random) -> dict[str, Any]:
    match dice.randrange(7):
        case 0 | 1:
            return {"fault": "throttle", "operation": dice.choice(MOVES), "times": dice.randint(1, 4)}
        case 2:
            return {"fault": "lose-reply", "operation": dice.choice(MOVES)}
        case 3:
            return {"fault": "fail", "kind": dice.choice(KINDS)}
        case 4:
            kind = dice.choice(KINDS[:2])
            return {"fault": "quota", "kind": kind, "instance_type": "ml.m5.xlarge", "limit": 0}
        case 5:
            return {"fault": "slow", "kind": dice.choice(KINDS), "seconds": 3}
    return {
        "fault": "event", "action": dice.choice(("drop", "duplicate", "delay")), "seconds": 4,
        "times": dice.randint(1, 5),
    }  # fmt: skip


def rage(storm: Storm, dice: random.Random, folder: Path, number: int) -> None:
    """Drop files into a storm of a few seconds."""
    faults = [some_fault(dice) for _ in range(dice.randint(2, 6))]
    storm.faults("POST", faults)
    storm.struck += [fault["fault"] for fault in faults]
    for copy in range(dice.randint(1, 2)):
        path = folder / f"history {number}+{copy}.csv"
        write(path, Shape.of_rows(ROWS), seed=100 * number + copy)
        storm.drop(path)
        time.sleep(dice.uniform(1.0, 2.0))  # S3 tells uploads of one second apart by key alone
    end = time.monotonic() + STORM_SECONDS
    while time.monotonic() < end:
        time.sleep(dice.uniform(0.2, 2.0))
        if dice.random() < 0.2:
            storm.kill_sagemaker()
        else:
            storm.kill_a_lambda(dice)


def heal(storm: Storm) -> None:
    """Call the reconciler until every drop has ended and the endpoint serves what it should."""
    storm.faults("DELETE")
    end = time.monotonic() + CALM_SECONDS
    while time.monotonic() < end:
        try:
            reconciling.reconcile()
        except* (ClientError, RuntimeError) as problems:
            print(problems)  # noqa: T201 - shown when the test fails
        await_quiet(storm)
        if not troubles(storm):
            return
        let_leases_end(storm)


def let_leases_end(storm: Storm) -> None:
    """Do what sixteen minutes would: so long a run belongs to the Lambda that prepares it, even dead."""
    for run in storm.runs():
        if run.status is RunStatus.PREPARING and run.lease.expires_at:
            storm.stack.ledger().record(run.run_id, busy_until="")


def await_quiet(storm: Storm) -> None:
    """Wait until nothing has moved for a while: each pass sends again what stands still, and no more."""
    seen, since = storm.runs(), time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        time.sleep(1)
        if storm.runs() != seen:
            seen, since = storm.runs(), time.monotonic()


def troubles(storm: Storm) -> list[str]:
    """List what does not hold."""
    runs = storm.runs()
    found = [f"nothing became of {key}" for key in storm.dropped if key not in {r.upload.key for r in runs}]
    found += [f"{run.run_id} is still {run.status}" for run in runs if run.status not in ENDED]
    found += [
        f"{r.run_id} {r.status}: no reason"
        for r in runs
        if r.status is RunStatus.FAILED and not r.outcome.reason
    ]
    live = storm.stack.ledger().pointer("live")
    newest = next((run for run in runs if run.status in LIVE_OR_SUPERSEDED), None)
    if live != (newest and newest.run_id):
        found.append(f"live is {live}, the newest acceptable is {newest and newest.run_id}")
    return found + (_endpoint(storm, newest) if newest else []) + _resources(storm, runs)


def _endpoint(storm: Storm, live: Run) -> list[str]:
    name = storm.stack.output("EndpointName")
    try:
        endpoint = storm.stack.aws("sagemaker").describe_endpoint(EndpointName=name)
        if endpoint["EndpointStatus"] != "InService" or endpoint["EndpointConfigName"] != _name(live):
            return [f"the endpoint is {endpoint['EndpointStatus']} with {endpoint['EndpointConfigName']}"]
        answer = storm.stack.aws("sagemaker-runtime").invoke_endpoint(
            EndpointName=name, Body=b'{"user_id": "1"}', ContentType="application/json"
        )
    except ClientError as error:
        return [str(error)]
    serves = names.run_of_variant(answer["InvokedProductionVariant"])
    return [] if serves == live.run_id else [f"{serves} answers"]


def _resources(storm: Storm, runs: list[Run]) -> list[str]:
    client = storm.stack.aws("sagemaker")
    found = []
    jobs = [
        job["TrainingJobName"] for job in client.list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
    ]
    if extra := set(jobs) - {_name(run, Stage.TRAIN) for run in runs}:
        found.append(f"training jobs of no run: {extra}")
    found += [
        f"{run.run_id} has no training job"
        for run in runs
        if run.status in LIVE_OR_SUPERSEDED and run.ended(Stage.TRAIN) and _name(run, Stage.TRAIN) not in jobs
    ]
    served = [
        r for r in runs if r.status in LIVE_OR_SUPERSEDED and r.ended(Stage.PUBLISH) and r.ended(Stage.DEPLOY)
    ]
    kept = {_name(run) for run in served[: 1 + settings().retained_runs]}
    models = {model["ModelName"] for model in client.list_models(MaxResults=100)["Models"]}
    if models - kept:
        found.append(f"orphaned models: {models - kept}")
    return found


def _name(run: Run, stage: Stage = Stage.APPROVE) -> str:
    return names.resource_name("retailrec-", run.run_id, run.attempt(stage))


@pytest.mark.parametrize("number", range(STORMS))
def test_nothing_is_lost_when_processes_are_killed(storm: Storm, tmp_path: Path, number: int) -> None:
    dice = random.Random(number)  # noqa: S311 - weather
    for history in range(number * HISTORIES, (number + 1) * HISTORIES):
        rage(storm, dice, tmp_path, history)
    heal(storm)
    assert not troubles(storm), storm.struck
