"""What must hold of every history: at each moment, and at its end."""

import json
from typing import Any

from prepare_dataset.commit import REPLACED
from retailrec_shared.core import names
from retailrec_shared.core.status import (
    BY_OPERATOR,
    IN_PROGRESS,
    LIVE_OR_SUPERSEDED,
    NEXT,
    RunStatus,
    Stage,
    stages_needed,
)
from retailrec_shared.ledger.items import read
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.operators import STOPPED
from retailrec_shared.ledger.run import Run
from retailrec_shared.serving.keys import customer_key
from tests.chaos import files
from tests.chaos.lambdas import Client, present
from tests.chaos.operators import Typed
from tests.chaos.services.expressions import Item
from tests.chaos.world import DATA, PREFIX, RETRAINING, World, run_of

ANNOUNCEMENTS = {
    RunStatus.LIVE: "EndpointLive",
    RunStatus.REJECTED: "DatasetRejected",
    RunStatus.MODEL_REJECTED: "ModelRejected",
    RunStatus.FAILED: "RunFailed",
}
PEOPLE = {"DatasetRejected", "ModelRejected", "RunFailed"}
UNTRAINED = {RunStatus.REJECTED, RunStatus.FAILED, RunStatus.SUPERSEDED, RunStatus.COLLECTED}
MAX_DEATHS = 3


class Watch:
    """Looks at every write to the ledger and at everything that leaves SageMaker."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.dynamodb.watchers.append(self.written)
        for name in ("delete_model", "delete_model_package", "delete_endpoint_config", "delete_endpoint"):
            self._guard(name)

    def written(self, pk: str, before: Item | None, after: Item) -> None:
        """Check one write: status moves by the table, the pointer forward, and both agree."""
        by_operator = isinstance(present(), Typed)
        if pk == "live":
            was, now = (before or after)["run_id"]["S"], after["run_id"]["S"]
            self._ready(now, by_operator)
            if by_operator:
                self._world.rolled_back(was, now)
            elif was != now:
                self._pointed(was, now)
                self._world.held_by = None
        if by_operator:
            self._world.operated_at = self._world.timeline.now
        if pk.startswith("run#") and before is None and "tuned_from" in after["run"]["M"]:
            self._world.accepted.tuned(pk[4:], after["run"]["M"]["tuned_from"]["S"])
        if pk.startswith("run#") and before:
            start, to = RunStatus(before["status"]["S"]), RunStatus(after["status"]["S"])
            if start is not to:
                self._world.moved[pk[4:]] = self._world.timeline.now
                self._world.say(f"run {pk[4:]}: {start} -> {to}: {_reason(after)}")
                if to not in NEXT[start] and not (by_operator and to in BY_OPERATOR.get(start, ())):
                    self._world.violation(f"run {pk[4:]} went from {start} to {to}")
                if start is RunStatus.PREPARING and to in (RunStatus.PREPARED, RunStatus.COLLECTED):
                    self._world.accepted.add(pk[4:])
                if by_operator:
                    self._obeyed(pk[4:], to, after)
                elif start is RunStatus.TRAINING:
                    self._judged(pk[4:], to, after)
        self._agree()

    def _obeyed(self, run_id: str, to: RunStatus, item: Item) -> None:
        world = self._world
        world.because(run_id, f"an operator's word: {to}")
        if isinstance(typed := present(), Typed) and typed.name.startswith("approve"):
            world.approved.add(run_id)
        if to is RunStatus.FAILED:
            jobs = (each["S"] for each in item["run"]["M"].get("stopping", {}).get("L", []))
            world.stopped |= {job: world.timeline.now for job in jobs if job not in world.stopped}

    def _judged(self, run_id: str, to: RunStatus, item: Item) -> None:
        """Check that the gate held what it must, unless an operator approved it, and nothing else."""
        run = Run.load(read(item))
        job = run.tuning.best_job or names.resource_name(PREFIX, run_id, run.attempt(Stage.TRAIN))
        weak, approved = job in self._world.weak, run_id in self._world.approved
        if to is RunStatus.APPROVED and weak and not approved:
            self._world.violation(f"run {run_id} was approved, whose model is weak")
        if to is RunStatus.MODEL_REJECTED and (approved or not weak):
            self._world.violation(
                f"run {run_id} was held by the gate, though {'approved' if weak else 'good'}"
            )

    def _ready(self, run_id: str, by_operator: bool) -> None:
        """Check that a run serves from the table, and from the endpoint, by the time that it is live."""
        world = self._world
        asked = world.s3.get_object(DATA, names.run_key(run_id, names.BATCH_INPUT_JSONL))["Body"].read()
        wanted = {customer_key(run_id, json.loads(line)["user_id"]) for line in asked.splitlines()}
        if wanted - world.dynamodb.tables.get("serving", {}).keys():
            world.violation(f"run {run_id} is live, and not all of it is in the serving table")
        deployed = run_id in world.served or world.plan.environment["ENDPOINT_MODE"] == "none"
        if not deployed and not by_operator:
            world.violation(f"run {run_id} is live, and the endpoint never served it")

    def _pointed(self, before: str, after: str) -> None:
        new = self._world.position(after)
        for earlier in self._world.in_force(before):
            if self._world.position(earlier).later_than(new):
                self._world.violation(f"the live pointer went to {after}, which is older than {earlier}")

    def _agree(self) -> None:
        table = self._world.dynamodb.tables["ledger"]
        live = [pk[4:] for pk, item in table.items() if item.get("status", {}).get("S") == "live"]
        pointed = table.get("live", {}).get("run_id", {}).get("S")
        if live != ([pointed] if pointed else []):
            self._world.violation(f"the pointer names {pointed}, but live are {live}")

    def _guard(self, name: str) -> None:
        account: Any = self._world.sagemaker
        act = getattr(account, name)

        def guarded(**request: Any) -> Any:
            (about,) = request.values()
            self._deleting(name, about)
            return act(**request)

        setattr(account, name, guarded)

    def _deleting(self, name: str, about: str) -> None:
        world = self._world
        live = (world.live() or {}).get("run_id", {}).get("S")
        endpoint = world.sagemaker.endpoint
        serves = {
            config.name for config in (endpoint and [endpoint.config, endpoint.pending]) or [] if config
        }
        if name == "delete_endpoint":
            good = endpoint and endpoint.status == "InService" and live in map(run_of, serves)
            if good and world.plan.environment["ENDPOINT_MODE"] != "none" and not world.by_hand:
                world.violation("the endpoint is deleted while it serves the live run")
        elif about in serves or about in self._names_of(live):
            world.violation(f"{name} of {about}, which serves")

    def _names_of(self, live: str | None) -> set[str]:
        if live is None:
            return set()
        record = self._world.run_item(live)["run"]["M"]["stages"]["M"]["approve"]["M"]
        return _both_kinds(live, int(record.get("attempt", {"N": "1"})["N"]))


def judge(world: World) -> None:
    """Check a history's end."""
    book = Ledger("ledger", Client("dynamodb", world.dynamodb))  # type: ignore[arg-type]
    runs = list(book.runs())
    live = book.pointer("live")
    _uploads(world, runs)
    for run in runs:
        for problem in _of_run(world, run, live, runs):
            world.violation(f"run {run.run_id} ({run.status}): {problem}")
    _newest(world, runs, live)
    world.accepted.judge(runs)
    _resources(world, runs, live)
    _endpoint(world, runs, live)


def _uploads(world: World, runs: list[Run]) -> None:
    known = {(run.upload.key, run.upload.etag) for run in runs}
    for drop, etag in world.dropped:
        if (drop.key, etag) not in known | world.deleted:
            world.violation(f"nothing became of the drop of {drop.content} as {drop.key}")
    if len(known) != sum(not (run.dataset.retrains or run.tuning.source_run) for run in runs):
        world.violation("an upload has several runs")


def _of_run(world: World, run: Run, live: str | None, runs: list[Run]) -> list[str]:
    problems = []
    contents = {drop.content for drop, etag in world.dropped if etag == run.upload.etag}
    good = all(files.acceptable(content) for content in contents)
    reasons = world.reasons.get(run.run_id, set())
    if run.status in IN_PROGRESS:
        problems.append(
            f"it has not ended; it waits for {[s.waiting for s in run.stages.values() if s.waiting]}"
        )
    if run.status is RunStatus.REJECTED and good:
        problems.append(f"its file is good: {run.outcome.reason}")
    replaced = run.outcome.reason == REPLACED and run.appends
    if run.status not in (RunStatus.REJECTED, RunStatus.FAILED) and not good and not replaced:
        problems.append("its file is bad")
    if run.status is RunStatus.MODEL_REJECTED and (run.gate.overruled or "weak" not in reasons):
        problems.append("its model is good, or an operator approved it")
    if run.status is RunStatus.FAILED and not _may_fail(world, run, reasons):
        problems.append(f"nothing was wrong with it: {run.outcome.reason}")
    rolled_back = f"an operator's word: {RunStatus.SUPERSEDED}" in reasons
    if (
        run.status is RunStatus.SUPERSEDED
        and not rolled_back
        and not (replaced and world.accepted.replaced(run.run_id))
        and not any(
            other is not run
            and not world.position(run.run_id).later_than(world.position(other.run_id))
            and other.status in LIVE_OR_SUPERSEDED
            for other in runs
        )
    ):
        problems.append(f"nothing superseded it: {run.outcome.reason}")
    if (run.status is RunStatus.LIVE) != (run.run_id == live):
        problems.append(f"the live pointer names {live}")
    if run.status is not RunStatus.LIVE and run.status not in IN_PROGRESS and not run.outcome.reason:
        problems.append("it does not say why")
    announcement = ANNOUNCEMENTS.get(run.status)
    if announcement and world.published.get((announcement, run.run_id), -1.0) < world.moved[run.run_id]:
        problems.append(f"{announcement} was not published since")
    if announcement in PEOPLE and not world.notified[announcement, run.run_id]:
        problems.append("nobody was notified")
    return problems


def _may_fail(world: World, run: Run, reasons: set[str]) -> bool:
    if run.outcome.reason == STOPPED:
        return f"an operator's word: {RunStatus.FAILED}" in reasons
    if run.outcome.failed_stage is Stage.PREPARE:
        return world.deaths[RETRAINING if run.dataset.retrains else run.upload.etag] >= MAX_DEATHS
    if run.outcome.failed_stage is Stage.PUBLISH and world.deaths[f"publish {run.run_id}"] >= MAX_DEATHS:
        return True
    return any(not reason.startswith(("weak", "an operator's word")) for reason in reasons)


def _newest(world: World, runs: list[Run], live: str | None) -> None:
    acceptable = [run for run in runs if run.status in LIVE_OR_SUPERSEDED and run.outcome.reason != REPLACED]
    if acceptable and live is None:
        world.violation("no run is live")
    serving = [other for other in runs if live and other.run_id in world.in_force(live)]
    for run in acceptable:
        mine = world.position(run.run_id)
        if serving and all(mine.later_than(world.position(other.run_id)) for other in serving):
            world.violation(f"run {run.run_id} is acceptable and newer than the live run {live}")


def _resources(world: World, runs: list[Run], live: str | None) -> None:
    store, mode = world.sagemaker.cloud.store, world.plan.environment["ENDPOINT_MODE"]
    _jobs(world, runs)
    served = [
        run.run_id
        for run in runs
        if run.status is RunStatus.SUPERSEDED and all(run.ended(stage) for stage in stages_needed(mode))
    ]
    kept = {*served[: int(world.plan.environment["RETAINED_RUNS"])], *([live] if live else [])}
    for kind, registry in (
        ("model", store.models),
        ("endpoint config", store.endpoint_configs),
        ("model package", store.model_packages),
    ):
        left = {resource.name for resource in registry}
        if left - {
            name
            for run in runs
            if run.run_id in kept
            for name in _both_kinds(run.run_id, run.attempt(Stage.APPROVE))
        }:
            world.violation(f"orphaned {kind}s: {sorted(left)}, where {sorted(kept)} are kept")
    wanted = {_name(_of(runs, live), Stage.APPROVE), _serving(world, _of(runs, live))} if live else set()
    if wanted - {model.name for model in store.models}:
        world.violation("a model of the live run is gone")
    items = {pk.split("#")[0] for pk in world.dynamodb.tables.get("serving", {})}
    if items - kept:
        world.violation(f"orphaned serving items of {sorted(items - kept)}")


def _jobs(world: World, runs: list[Run]) -> None:
    """Check that each attempt at training has its one job, and that no stopped run's job goes on."""
    store = world.sagemaker.cloud.store
    trained = {job.name for job in store.training_jobs if job.tuning_job is None}
    trained |= {job.name for job in store.tuning_jobs}
    for run in runs:
        needed = run.status not in UNTRAINED
        attempts = range(1, run.attempt(Stage.TRAIN) + 1)
        jobs = [
            names.tuning_job_name(run.run_id, attempt)
            if run.tunes
            else names.resource_name(PREFIX, run.run_id, attempt)
            for attempt in attempts
        ]
        if needed and jobs[-1] not in trained:
            world.violation(f"run {run.run_id} has no training job")
        trained -= set(jobs)
        if run.cleanup.jobs_to_stop:
            world.violation(f"nobody looked whether {run.cleanup.jobs_to_stop} still run")
    if trained:
        world.violation(f"training jobs of no attempt at any run: {trained}")
    _searches(world, runs)


def _searches(world: World, runs: list[Run]) -> None:
    """Check that no search runs for nobody, and that of its models the best alone is left."""
    store = world.sagemaker.cloud.store
    for search in store.tuning_jobs:
        if search.running:
            world.violation(f"nobody waits for {search.name}, which is {search.status}")
    models = {
        entry["Key"].split("/")[3]
        for entry in world.s3.list_objects_v2(DATA, "runs/").get("Contents", [])
        if f"/{names.MODEL_PREFIX}/{names.TUNING_PREFIX}" in entry["Key"]
    }
    best = {run.tuning.best_job for run in runs if run.tuning.best_job}
    if models - best:
        world.violation(f"models that no run has: {sorted(models - best)}")
    for run in runs:
        if (
            run.tunes
            and run.status in (RunStatus.LIVE, RunStatus.MODEL_REJECTED)
            and run.tuning.best_job not in models
        ):
            world.violation(f"the model of run {run.run_id} is gone")


def _name(run: Run, stage: Stage) -> str:
    return names.resource_name(PREFIX, run.run_id, run.attempt(stage))


def _serving(world: World, run: Run) -> str:
    """Name the model and config of the endpoint that a run gets."""
    if world.plan.environment["ENDPOINT_MODE"] == "serverless" and not run.of_marketplace:
        return names.serverless_name(PREFIX, run.run_id, run.attempt(Stage.APPROVE))
    return _name(run, Stage.APPROVE)


def _both_kinds(run_id: str, attempt: int) -> set[str]:
    return {make(PREFIX, run_id, attempt) for make in (names.resource_name, names.serverless_name)}


def _of(runs: list[Run], run_id: str) -> Run:
    return next(run for run in runs if run.run_id == run_id)


def _endpoint(world: World, runs: list[Run], live: str | None) -> None:
    endpoint = world.sagemaker.endpoint
    has_one = live and world.plan.environment["ENDPOINT_MODE"] != "none"
    wanted = _serving(world, _of(runs, live)) if live and has_one else None
    serves = endpoint.config.name if endpoint else None
    if serves != wanted or (endpoint and endpoint.status != "InService"):
        world.violation(f"live is {live}, but the endpoint is {endpoint and endpoint.status} with {serves}")


def _reason(item: Item) -> str:
    return str(item["run"]["M"].get("reason", {}).get("S", ""))
