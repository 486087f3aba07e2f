"""The whole of one history: a stack's real handlers over AWS in memory, in virtual time."""

import json
import math
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from hashlib import blake2b
from typing import Any

from local.sagemaker.account.events import StateChange
from local.sagemaker.account.records import ModelPackage, TrainingJob, TransformJob, TuningJob
from local.sagemaker.tuning import run as tuning_run
from local.sagemaker.tuning import views as tuning_views
from retailrec_shared.core import names
from retailrec_shared.core.status import IN_PROGRESS
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.run_parts import timestamp
from retailrec_shared.sagemaker.requests import CONTRACT_METRIC
from tests.chaos import files, uploads
from tests.chaos.accepted import Accepted, Position
from tests.chaos.faults import Fault
from tests.chaos.history import CALM, STORM_END, Drop, Plan
from tests.chaos.lambdas import Client, Invocation, present
from tests.chaos.operators import type_command
from tests.chaos.rules import MINUTES_BETWEEN_PASSES, Function, functions, rules
from tests.chaos.services.dynamodb import DynamoDB
from tests.chaos.services.s3 import S3
from tests.chaos.services.sagemaker import SageMaker, run_now
from tests.chaos.timeline import MINUTE, Timeline
from tests.environment import ENVIRONMENT

RAW, DATA, PREFIX = ENVIRONMENT["RAW_BUCKET"], ENVIRONMENT["DATA_BUCKET"], f"{ENVIRONMENT['STACK_NAME']}-"
PASS = MINUTES_BETWEEN_PASSES * MINUTE
RETRAINING = "retraining"
MOST_INVOCATIONS = 600  # of one function; five times as many as in any history without a bug
QUIET_PASSES = 5  # more than any grace that the reconciler gives
WEAKNESSES: tuple[dict[str, float], ...] = (
    {CONTRACT_METRIC: 0.01, f"{CONTRACT_METRIC}_popularity": 0.005}, {CONTRACT_METRIC: math.nan},
    {f"{CONTRACT_METRIC}_popularity": 0.25}, {"coverage@20": 0.01},
)  # fmt: skip
FAILED = "AlgorithmError: it was meant to fail, exit code: 1"
NO_CAPACITY = "CapacityError: Unable to provision requested ML compute capacity."
NO_ROLE = "Could not assume role arn:aws:iam::123456789012:role/sagemaker."
STOPPED_WITHIN = 6 * MINUTE
ROLLOUT = (70.0, 7 * MINUTE)  # no rollout is faster than a minute, which is as long as a Lambda lives


def run_of(name: str) -> str:
    """Read the run from a resource's name, of any attempt."""
    return names.run_of_resource(PREFIX, name) or names.run_of_tuning_job(name) or name


class World:
    """Everything outside the handlers, and what an observer sees of them."""

    def __init__(self, plan: Plan, trace: bool = False) -> None:
        self.plan = plan
        self.weather = plan.weather()
        self.timeline = Timeline()
        self.trace: list[str] | None = [] if trace else None
        self.violations: list[str] = []
        self.dead_letters: list[tuple[Function, Any, str]] = []
        self.published: dict[tuple[str, str], float] = {}  # and when at last
        self.moved: dict[str, float] = {}  # when each run came to where it is
        self.notified: Counter[tuple[str, str]] = Counter()
        self.reasons: dict[str, set[str]] = {}
        self.invoked: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        self.dropped: list[tuple[Drop, str]] = []
        self.deleted: set[tuple[str, str]] = set()
        self.accepted = Accepted(self)
        self.dynamodb = DynamoDB(lambda: self.timeline.now, self._lag)
        self.dynamodb.watchers.append(lambda *_write: self._changed())
        self.s3 = S3(lambda: self.timeline.moment)
        self.sagemaker = SageMaker(self._state_changed, self._exists, self._works)
        self.changes = 0
        self._seen_changes: list[int] = []
        self.by_hand = False
        self.typed: Counter[str] = Counter()
        self.obeyed: Counter[str] = Counter()
        self.operated_at: float | None = None
        self.held_by: str | None = (
            None  # the run that an operator rolled back: nothing older replaces the live one
        )
        self.weak: set[str] = set()  # training jobs whose model the gate must hold
        self.approved: set[str] = set()  # runs that an operator approved
        self.stopped: dict[str, float] = {}  # jobs of runs that an operator stopped, and when
        self.served: set[str] = set()  # runs that the endpoint was in service with
        self._racing: list[Callable[[], None]] = []
        self._refused: set[str] = set()
        self._sent: Counter[str] = Counter()

    # what happens

    def live_through(self) -> None:
        """Let the storm pass, then a few passes of the reconciler."""
        if self.weather.strikes_now(Fault.NEW_ROLE, "", self.weather.per_event):
            refused = {"fault": "refuse", "operation": "CreateTrainingJob", "message": NO_ROLE, "times": 2}
            self.sagemaker.cloud.faults.post(refused)
        for number, drop in enumerate(self.plan.drops):
            if number not in self.plan.left_out:
                self.timeline.at(drop.at, partial(self._drop, drop))
        for number, command in enumerate(self.plan.commands):
            if number not in self.plan.untyped:
                what: Callable[[], None] = partial(type_command, self, command, f"#{number}")
                if command.races:
                    what = partial(self._racing.append, what)
                self.timeline.at(command.at, what)
        for number, window in enumerate(self.weather.quotas):
            if f"quota {number}" not in self.weather.muted:
                self.timeline.at(window.begin, partial(self._set_quota, window.what, 0))
                self.timeline.at(window.end, partial(self._set_quota, window.what, 100))
        for number in range(int((STORM_END + CALM) // PASS)):
            self.timeline.at(number * PASS, partial(self._reconcile, number))
        every = self.plan.schedule
        for number in range(int((STORM_END + CALM) // every) if every else 0):
            self.timeline.at((number + 1) * (every or 0), partial(self._scheduled, number))
        self.timeline.at(self.weather.between("deletion", 0, STORM_END), self._delete_endpoint_by_hand)
        self.timeline.at(STORM_END + MINUTE, self._redrive)
        self.timeline.run_until(STORM_END + CALM)

    def _drop(self, drop: Drop) -> None:
        stored = self.s3.put_object(RAW, drop.key, files.content(drop.content))
        etag = stored["ETag"].strip('"')
        self.dropped.append((drop, etag))
        self.say(f"drop of {drop.key}: {drop.content}")
        thing = {
            "key": drop.key, "etag": etag, "size": 1, "version-id": stored["VersionId"],
            "sequencer": f"{len(self.dropped):018X}",
        }  # fmt: skip
        detail = {"bucket": {"name": RAW}, "object": thing}
        self._send("default", "aws.s3", "Object Created", detail, f"drop {len(self.dropped)}")
        if drop.deleted_after is not None and self.weather.note(Fault.UPLOAD_DELETED, f"{drop.at}"):
            self.timeline.after(drop.deleted_after, partial(self._delete, drop.key))

    def _delete(self, key: str) -> None:
        """Let somebody delete an upload: what was dropped under its key so far may be seen by nobody."""
        self.say(f"somebody deletes {key}")
        self.s3.delete_object(RAW, key)
        self.deleted |= {(drop.key, etag) for drop, etag in self.dropped if drop.key == key}

    def _scheduled(self, number: int) -> None:
        event = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}
        self._deliver(event, functions()["prepare_dataset"], f"schedule {number}")

    def _set_quota(self, kind: str, limit: int) -> None:
        types = {"endpoint": ["serverless", "ml.m5.large"]}.get(kind, ["ml.m5.xlarge"])
        self.say(f"quota of {kind} is {limit}")
        if limit == 0:
            self.weather.note(Fault.QUOTA_ZERO, kind)
        for instance_type in types:
            self.sagemaker.cloud.quotas.limits[kind, instance_type] = limit

    def _reconcile(self, number: int) -> None:
        name = f"pass {number}"
        stormy = self.timeline.now < STORM_END
        if stormy and self.weather.strikes_now(Fault.RECONCILER_MISSED, name, self.weather.per_event):
            return
        if not stormy:
            self._stop_if_settled()
        self.invoke(Invocation(self, functions()["reconcile_runs"], {}, name, 1, 0.0))
        if stormy and self.weather.strikes_now(Fault.RECONCILER_DOUBLED, name, self.weather.per_event):
            again = Invocation(self, functions()["reconcile_runs"], {}, f"{name} again", 1, 0.0)
            wait = self.weather.between(f"{name} again", 0, 2)
            self.timeline.after(wait, partial(self.invoke, again))

    def _stop_if_settled(self) -> None:
        """Stop when several passes have found nothing to do: then no later one will."""
        if self._a_run_waits_for_its_turn():
            self._seen_changes.clear()
            return
        self._seen_changes.append(self.changes)
        busy = self.sagemaker.working
        if (
            not busy
            and len(self._seen_changes) > QUIET_PASSES
            and self.changes == self._seen_changes[-QUIET_PASSES]
        ):
            self.say("nothing changes any more")
            self.timeline.over = True

    def _a_run_waits_for_its_turn(self) -> bool:
        """Return whether a stage is tried again later; until then nothing changes."""
        moment = timestamp(self.timeline.moment)
        book = Ledger(ENVIRONMENT["LEDGER_TABLE"], Client("dynamodb", self.dynamodb))  # type: ignore[arg-type]
        runs = (run for run in book.runs() if run.status in IN_PROGRESS)
        return any(record.too_early(moment) for run in runs for record in run.stages.values())

    def _delete_endpoint_by_hand(self) -> None:
        endpoint = self.sagemaker.endpoint
        if endpoint is None or endpoint.in_progress:
            return
        if self.weather.strikes_now(Fault.ENDPOINT_DELETED, "", self.weather.per_job / 2):
            self.say("somebody deletes the endpoint")
            self.by_hand = True
            self.sagemaker.delete_endpoint(EndpointName=endpoint.name)
            self.by_hand = False

    def _redrive(self) -> None:
        if self.weather.chance("redrive") < 0.5:
            letters, self.dead_letters = self.dead_letters, []
            for function, event, name in letters:
                self.say(f"redrive of {name}")
                self.invoke(Invocation(self, function, event, f"{name} redriven", 1, 0.0))

    # events

    def put_events(self, Entries: list[Any]) -> Any:  # noqa: N803
        """Take events, as EventBridge does: AWS's own sources are refused."""
        for entry in Entries:
            if entry["Source"].startswith("aws."):
                raise AssertionError("PutEvents refuses AWS's own sources")
            detail = json.loads(entry["Detail"])
            if entry["Source"] == "retailrec":
                self.published[entry["DetailType"], detail["run_id"]] = self.timeline.now
            bus = entry.get("EventBusName", "default")
            by = present()
            self._send(
                bus, entry["Source"], entry["DetailType"], detail, f"{by.name}.{by.calls}" if by else "world"
            )
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}

    def _state_changed(self, change: StateChange) -> None:
        self._send(
            "default",
            "aws.sagemaker",
            change.detail_type,
            dict(change.detail),
            f"{change.arn} {change.status}",
        )

    def _send(self, bus: str, source: str, detail_type: str, detail: Any, origin: str) -> None:
        self._sent[origin] += 1
        self.changes += 1
        tag = blake2b(f"{origin} {self._sent[origin]}".encode(), digest_size=4).hexdigest()
        event = {
            "id": tag, "source": source, "detail-type": detail_type,
            "time": self.timeline.moment.isoformat().replace("+00:00", "Z"), "detail": detail,
        }  # fmt: skip
        for number, rule in enumerate(rules()):
            if not rule.matches(bus, event):
                continue
            if rule.function is None:
                self.notified[detail_type, detail["run_id"]] += 1
            else:
                self._deliver(event, rule.function, f"{rule.function.name}[{detail_type}, {tag}.{number}]")

    def _deliver(self, event: Any, function: Function, name: str) -> None:
        weather, often = self.weather, self.weather.per_event
        stormy = self.timeline.now < STORM_END
        if stormy and weather.strikes_now(Fault.EVENT_LOST, name, often / 2):
            self.say(f"{name} is lost")
            return
        copies = [name]
        if stormy and weather.strikes_now(Fault.EVENT_DOUBLED, name, often):
            copies.append(f"{name} again")
        for copy in copies:
            wait = weather.between(f"{copy} wait", 0.1, 3)
            if stormy and weather.strikes_now(Fault.EVENT_LATE, copy, often / 2):
                wait = weather.between(f"{copy} late", 10, 40 * MINUTE)
            invocation = Invocation(self, function, event, copy, 1, 0.0)
            self.timeline.after(wait, partial(self.invoke, invocation))

    def invoke(self, invocation: Invocation) -> None:
        """Let a Lambda begin; note a violation where one goes on and on."""
        self.invoked[invocation.function.name] += 1
        if self.invoked[invocation.function.name] > MOST_INVOCATIONS:
            if not self.timeline.over:
                self.violation(f"{invocation.function.name} was invoked {MOST_INVOCATIONS} times")
            self.timeline.over = True
            return
        invocation.deadline = self.timeline.now + invocation.function.timeout
        if self._racing and invocation.function.name not in ("reconcile_runs", "operator"):
            delay = self.weather.between(f"{invocation.name} raced", 0, 1.5)
            self.timeline.after(delay, self._racing.pop(0))
        invocation.run()

    # SageMaker's work

    def _works(self, operation: str, work: Coroutine[Any, Any, None]) -> None:
        about = work.cr_frame.f_locals  # type: ignore[attr-defined]
        match operation:
            case "CreateTrainingJob":
                work.close()
                self._train(about["job"])
            case "CreateModelPackage":
                work.close()
                self._make_package(about["package"])
            case "CreateHyperParameterTuningJob":
                work.close()
                self._tune(about["job"])
            case "CreateTransformJob":
                work.close()
                self._transform(about["job"])
            case "DeleteEndpoint":
                self.timeline.after(
                    self.weather.between(f"deletion {self.timeline.now}", 5, 60), partial(run_now, work)
                )
            case _:
                self._roll_out(work, about["config" if operation == "UpdateEndpoint" else "endpoint"])

    def _train(self, job: TrainingJob) -> None:
        name, run_id = job.name, run_of(job.name)
        weather = self.weather
        often = weather.per_job
        secondary, weak, reason = "Completed", False, FAILED
        if weather.strikes_now(Fault.TRAINING_FAILED, name, often):
            secondary = "Failed"
        elif weather.strikes_now(Fault.NO_CAPACITY, name, often):
            secondary, reason = "Failed", NO_CAPACITY
        elif weather.strikes_now(Fault.TRAINING_STOPPED, name, often / 2):
            secondary = "Stopped"
        elif weather.strikes_now(Fault.WEAK_MODEL, name, often):
            weak = True

        def end() -> None:
            nonlocal secondary
            secondary = "Stopped" if job.status == "Stopping" else secondary
            self.say(f"training job {name}: {secondary}, {'weak' if weak else 'good'}")
            if secondary == "Stopped" or (secondary == "Failed" and reason != NO_CAPACITY):
                self.because(run_id, f"training {secondary}")
            elif weak:
                self.because(run_id, "weak")
            self._watch_stopped(f"training-job/{name}", secondary)
            if secondary == "Completed" and weather.strikes_now(Fault.METRICS_LATE, name, often):
                self.sagemaker.cloud.faults.post({"fault": "late-metrics"})
            self._store_model(run_id, job, secondary, self._metrics(name, weak), reason)

        self.timeline.after(weather.between(f"train {name}", 40, 12 * MINUTE), end)

    def _make_package(self, package: ModelPackage) -> None:
        name = package.name
        fails = self.weather.strikes_now(Fault.PACKAGE_FAILED, name, self.weather.per_job)

        def end() -> None:
            status = "Failed" if fails else "Completed"
            self.say(f"model package {name}: {status}")
            if fails:
                self.because(run_of(name), "package failed")
            self.sagemaker.end_package(package, status)

        self.timeline.after(self.weather.between(f"package {name}", 5, 6 * MINUTE), end)

    def _tune(self, job: TuningJob) -> None:
        """Train a few times, one after the other, until all have ended or somebody stops it."""
        name, run_id = job.name, run_of(job.name)
        often = self.weather.per_job
        barren = self.weather.strikes_now(Fault.SEARCH_FAILED, name, often)
        weak = not barren and self.weather.strikes_now(Fault.WEAK_MODEL, name, often)
        halted = self.weather.strikes_now(Fault.SEARCH_STOPPED, name, often / 2)
        total = job.config["ResourceLimits"]["MaxNumberOfTrainingJobs"]
        self._watch_tuning(job)

        def go_on() -> None:
            if halted and len(job.trials) == total - 1 and job.status == "InProgress":
                self.say(f"somebody stops tuning job {name}")
                tuning_run.request_stop(self.sagemaker.cloud, job)
            if job.status == "Stopping" or len(job.trials) == total:
                self._end_tuning(job, run_id, weak)
                return
            trial = self.sagemaker.begin_trial(job)
            self.timeline.after(
                self.weather.between(f"trial {trial.name}", 20, 4 * MINUTE), partial(end, trial)
            )

        def end(trial: TrainingJob) -> None:
            secondary = "Failed" if barren else "Completed"
            secondary = "Stopped" if trial.status == "Stopping" else secondary
            found = self._metrics(trial.name, weak, 0.2 + 0.01 * len(job.trials))
            self._store_model(run_id, trial, secondary, found)
            go_on()

        go_on()

    def _end_tuning(self, job: TuningJob, run_id: str, weak: bool) -> None:
        best = tuning_views.best(self.sagemaker.cloud.store, job)
        if best is None:
            self.because(run_id, "the search found nothing")
        elif weak:
            self.because(run_id, "weak")
        status = "Stopped" if job.status == "Stopping" else ("Completed" if best else "Failed")
        self._watch_stopped(f"hyper-parameter-tuning-job/{job.name}", status)
        self.say(f"tuning job {job.name}: {status}, best is {best and best.name}")
        self.sagemaker.end_tuning(job, status)

    def _watch_tuning(self, job: TuningJob) -> None:
        others = [
            each.name
            for each in self.sagemaker.cloud.store.tuning_jobs
            if each is not job and each.running and run_of(each.name) == run_of(job.name)
        ]
        if others and not self.just_operated:
            self.violation(f"{job.name} runs at the same time as {others}")

    def _metrics(self, job: str, weak: bool, precision: float = 0.2) -> dict[str, float]:
        """Draw what a training job reports; a weak model must not serve, for one of several reasons."""
        found = {CONTRACT_METRIC: precision, f"{CONTRACT_METRIC}_popularity": 0.1, "coverage@20": 0.5}
        if weak:
            self.weak.add(job)
            found |= self.weather.choose(f"weakness {job}", WEAKNESSES)
        return found

    def _watch_stopped(self, job: str, status: str) -> None:
        """Note a violation where a job went on to its end though its run was stopped in the calm."""
        at = self.stopped.get(job)
        if at and status != "Stopped" and at > STORM_END and self.timeline.now - at > STOPPED_WITHIN:
            self.violation(
                f"{job} went on to its end, {self.timeline.now - at:.0f} s after its run was stopped"
            )

    def _store_model(
        self,
        run_id: str,
        job: TrainingJob,
        secondary: str,
        metrics: dict[str, float],
        reason: str = FAILED,
    ) -> None:
        key = f"{names.run_key(run_id, names.MODEL_PREFIX)}/{job.name}/output/model.tar.gz"
        self.s3.put_object(DATA, key, b"model")
        self.sagemaker.end_training(job, secondary, metrics, f"s3://{DATA}/{key}", reason)

    def _transform(self, job: TransformJob) -> None:
        name, run_id = job.name, run_of(job.name)
        status, reason = "Completed", "AlgorithmError: it was meant to fail"
        if self.weather.strikes_now(Fault.NO_CAPACITY, name, self.weather.per_job / 2):
            status, reason = "Failed", NO_CAPACITY
        elif self.weather.strikes_now(Fault.TRANSFORM_FAILED, name, self.weather.per_job / 2):
            status = "Failed"
        elif self.weather.strikes_now(Fault.TRANSFORM_STOPPED, name, self.weather.per_job / 4):
            status = "Stopped"

        def end() -> None:
            nonlocal status
            status = "Stopped" if job.status == "Stopping" else status
            self.say(f"transform job {name}: {status}")
            self._watch_stopped(f"transform-job/{name}", status)
            if status == "Stopped" or (status == "Failed" and reason != NO_CAPACITY):
                self.because(run_id, f"transform {status}")
            asked = self.s3.get_object(DATA, names.run_key(run_id, names.BATCH_INPUT_JSONL))["Body"].read()
            lines = [f"{json.loads(line)['user_id']},22001,0.5\n" for line in asked.splitlines()]
            key = f"{names.run_key(run_id, names.BATCH_OUTPUT_PREFIX)}/customers.jsonl.out"
            self.s3.put_object(DATA, key, "".join(lines).encode())
            self.sagemaker.end_transform(job, status, reason)

        self.timeline.after(self.weather.between(f"transform {name}", 30, 8 * MINUTE), end)

    def _roll_out(self, work: Coroutine[Any, Any, None], target: Any) -> None:
        config = getattr(target, "config", target)
        run_id = run_of(config.name)
        self._sent[f"rollout {run_id}"] += 1
        name = f"{run_id} {self._sent[f'rollout {run_id}']}"
        self.say(f"the endpoint goes to {run_id}")
        self._refuse_older(run_id)
        crowded = self.weather.strikes_now(Fault.NO_CAPACITY, name, self.weather.per_job / 2)
        fails = self.weather.strikes_now(Fault.ROLLOUT_FAILED, name, self.weather.per_job) and not crowded
        broken = fails and self.weather.strikes_now(Fault.ROLLBACK_FAILED, name, 0.3)

        def end() -> None:
            if fails or crowded:
                if fails:
                    self.because(run_id, "rollout failed")
                fault = {
                    "fault": "fail",
                    "kind": "endpoint",
                    "reason": NO_CAPACITY if crowded else "meant to fail",
                    "rollback_fails": broken,
                }
                self.sagemaker.cloud.faults.post(fault)
            run_now(work)
            endpoint = self.sagemaker.endpoint
            self.say(f"the endpoint is {endpoint and (endpoint.status, endpoint.config.name)}")
            if endpoint and endpoint.status == "InService":
                self.served.add(run_of(endpoint.config.name))

        self.timeline.after(self.weather.between(f"rollout {name}", *ROLLOUT), end)

    def _refuse_older(self, run_id: str) -> None:
        """Note a violation if the endpoint goes to a run that an operator or a later upload has replaced."""
        live = self.live()
        if live is None or live["run_id"]["S"] == run_id or self.just_operated:
            return
        mine = self.position(run_id)
        for later in sorted(self.in_force(live["run_id"]["S"])):
            if self.position(later).later_than(mine):
                self.violation(f"the endpoint goes to {run_id}, which is older than {later}")

    # what an observer sees

    @property
    def just_operated(self) -> bool:
        """Whether a function may still be acting on the ledger as it was before an operator's word."""
        return self.operated_at is not None and self.timeline.now - self.operated_at < MINUTE

    def position(self, run_id: str) -> Position:
        """Return where a run stands among all: by what it holds, once it was accepted."""
        return self.accepted.position(run_id) or Position(uploads.of_item(self.run_item(run_id)))

    def in_force(self, live: str) -> list[str]:
        """List the live run, and the later one that it was rolled back from: nothing older may serve."""
        return [live, self.held_by] if self.held_by else [live]

    def rolled_back(self, before: str, after: str) -> None:
        """Remember what an operator rolled back: of several runs in a row, the latest."""
        latest = self.held_by or before
        self.held_by = None if self.position(after).later_than(self.position(latest)) else latest
        if self.held_by == after:
            self.held_by = None

    def live(self) -> Any:
        """Return the live pointer's item."""
        return self.dynamodb.tables.get("ledger", {}).get("live")

    def run_item(self, run_id: str) -> Any:
        """Return a run's item."""
        return self.dynamodb.tables["ledger"][f"run#{run_id}"]

    def because(self, run_id: str, reason: str) -> None:
        """Remember why a run may end otherwise than live."""
        self.reasons.setdefault(run_id, set()).add(reason)

    def died(self, invocation: Invocation) -> None:
        """Remember a death in the middle of preparing or publishing."""
        if invocation.function.name == "publish_recommendations":
            self.deaths[f"publish {run_of(invocation.event['detail']['TransformJobName'])}"] += 1
        if invocation.function.name == "prepare_dataset":
            thing = invocation.event["detail"].get("object")
            self.deaths[thing["etag"] if thing else RETRAINING] += 1

    def violation(self, what: str) -> None:
        """Note something that must not be."""
        self.say(f"VIOLATION: {what}")
        self.violations.append(f"{self.clock()}: {what}")

    def refused(self, problems: list[str]) -> None:
        """Note what functions' roles do not allow, each once."""
        for problem in problems:
            if problem not in self._refused:
                self._refused.add(problem)
                self.violation(problem)

    def say(self, what: str) -> None:
        """Add a line to the trace."""
        if self.trace is not None:
            self.trace.append(f"{self.clock()} {what}")

    def clock(self) -> str:
        """Write the present time as minutes and seconds since the history's beginning."""
        minutes, seconds = divmod(self.timeline.now, 60)
        return f"{int(minutes):3}:{seconds:05.2f}"

    def latency(self, name: str) -> float:
        """Draw how long a call takes to begin."""
        drawn = self.weather.chance(f"latency {name}")
        if self.timeline.now < STORM_END and drawn > 0.97:
            return (drawn - 0.97) * 33 * 40
        return 0.01 + drawn * 0.2

    def _changed(self) -> None:
        self.changes += 1

    def _lag(self, pk: str) -> float:
        drawn = self.weather.chance(f"lag {pk} {self.timeline.now}")
        return drawn * 0.5 if drawn < 0.9 else (drawn - 0.9) * 100

    def _exists(self, bucket: str, key: str) -> bool:
        return any(each.key == key for each in self.s3.buckets.get(bucket, []))
