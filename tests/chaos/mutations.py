"""Deliberate bugs, each patched in at run time: a simulator that finds none of them is no test."""

import importlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError

from retailrec_shared.core import aws, bus
from retailrec_shared.core.errors import NotYet, Rejected
from retailrec_shared.core.status import RETIRABLE, RunStatus, Stage
from retailrec_shared.ledger import (
    activation,
    datasets,
    endpoint_request,
    items,
    ledger,
    operators,
    operators_ledger,
    stage_work,
)
from retailrec_shared.ledger import announcements as announcing
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import deployment, retirement
from retailrec_shared.sagemaker import requests as sagemaker_requests

Patch = Callable[[Any, str, Any], None]
Mutation = Callable[[Patch], None]


def no_conditions(patch: Patch) -> None:
    """Moves of a run are written without their condition."""
    real = items.move

    def move(*args: Any, **kwargs: Any) -> Any:
        return real(*args, **kwargs) | {"ConditionExpression": "attribute_exists(pk)"}

    patch(ledger, "move", move)


def order_by_run_id(patch: Patch) -> None:
    """Runs are ordered by their id instead of their upload."""
    patch(Run, "order", property(lambda run: run.run_id))


def exists_is_a_failure(patch: Patch) -> None:
    """A name that is taken fails the run, instead of being its own from an earlier attempt."""
    patch(aws, "says_exists", lambda _error: False)
    real = aws.creating

    @contextmanager
    def creating(what: str) -> Iterator[None]:
        try:
            with real(what):
                yield
        except ClientError as error:
            if aws.error_code(error) == "ResourceInUse":
                raise Rejected("The name is taken.") from error
            raise

    patch(aws, "creating", creating)


def waiting_runs_are_forgotten(patch: Patch) -> None:
    """The reconciler leaves runs alone that wait for something."""
    reconciling = importlib.import_module("reconcile_runs.reconciling")
    real = reconciling.repairs

    def repairs(run: Run, *rest: Any) -> Any:
        return [] if any(record.waiting for record in run.stages.values()) else real(run, *rest)

    patch(reconciling, "repairs", repairs)


def pointer_unchecked(patch: Patch) -> None:
    """The live pointer moves to whatever run is ready, also to one of an older upload."""
    real = ledger.Ledger.get

    def get(self: Any, run_id: str) -> Any:
        run = real(self, run_id)
        upload = run and run.upload.model_copy(update={"uploaded_at": ""})
        return run.model_copy(update={"upload": upload}) if run and run.status is RunStatus.LIVE else run

    patch(ledger.Ledger, "get", get)


def pointer_before_status(patch: Patch) -> None:
    """The pointer and the statuses are written one after the other, as before there was a transaction."""

    def one_by_one(self: Any, old: Run | None, new: Run) -> bool:
        pointer = items.change(
            self._table, "live", "SET run_id = :run, upload_order = :order",
            "attribute_not_exists(pk) OR upload_order < :order", {"run": new.run_id, "order": new.order},
        )  # fmt: skip
        self._dynamodb.update_item(**pointer)
        self.move(new.run_id, RunStatus.LIVE)
        if old:
            self.move(old.run_id, RunStatus.SUPERSEDED, reason="replaced")
        return True

    patch(ledger.Ledger, "_replace", one_by_one)


def live_run_retired(patch: Patch) -> None:
    """Retirement takes every run that served, the live one too."""
    patch(retirement, "RETIRABLE", RETIRABLE | {RunStatus.LIVE})
    patch(
        retirement,
        "retirable",
        lambda runs, _kept, _needed: [run for run in runs if run.status in RETIRABLE],
    )
    patch(deployment, "describe", lambda: None)


def packages_stay(patch: Patch) -> None:
    """A retired run's model package is left in SageMaker."""
    patch(aws, "delete_unless_busy", lambda _delete: True)


def event_trusted(patch: Patch) -> None:
    """Events are trusted without Describe: an endpoint event means that the last requested run serves."""
    real = deployment.describe

    def describe() -> Any:
        state = real()
        return state and state._replace(
            status="InService", run_id=endpoint_request.last().run_id or state.run_id
        )

    patch(deployment, "describe", describe)


def announced_before_published(patch: Patch) -> None:
    """An end is marked as announced first, and announced second."""

    def announce(run: Run) -> None:
        event = announcing.announcement(run)
        if event and run.outcome.announced is not run.status:
            ledger.ledger().note_announced(run)
            bus.publish(event)

    for module in (announcing, activation, importlib.import_module("reconcile_runs.reconciling")):
        patch(module, "announce", announce)


def overwritten_uploads_forgotten(patch: Patch) -> None:
    """The reconciler looks for lost uploads among the latest versions only."""
    reconciling = importlib.import_module("reconcile_runs.reconciling")
    real = reconciling.forgotten

    def forgotten(versions: Any, *rest: Any) -> Any:
        return real([version for version in versions if version["IsLatest"]], *rest)

    patch(reconciling, "forgotten", forgotten)


def searches_run_on(patch: Patch) -> None:
    """Nobody stops the search of a run that has ended, nor sweeps what it left."""
    patch(importlib.import_module("reconcile_runs.reconciling"), "sweep_searches", lambda *_: None)


def the_best_is_swept(patch: Patch) -> None:
    """The best training job's model is swept with the others."""
    sweeping = importlib.import_module("reconcile_runs.sweeping")
    real = sweeping._artifacts
    patch(
        sweeping,
        "_artifacts",
        lambda run, jobs: real(
            run.model_copy(update={"tuning": run.tuning.model_copy(update={"best_job": None})}), jobs
        ),
    )


def dataset_unchecked(patch: Patch) -> None:
    """A run is accepted though others were accepted while it was prepared."""
    real = items.change

    def change(*args: Any, **kwargs: Any) -> Any:
        return real(*args, **kwargs) | {
            "ConditionExpression": "attribute_exists(pk) OR attribute_not_exists(pk)"
        }

    patch(datasets, "change", change)


def increments_in_order_of_arrival(patch: Patch) -> None:
    """An increment counts as later by its own upload alone, whatever it holds."""
    patch(Run, "order", property(lambda run: f"{run.upload.order}#{run.run_id}"))


def added_to_what_came_last(patch: Patch) -> None:
    """A full file replaces also those increments that came after it, and only events' order counts."""

    def place(run: Run, head: datasets.Head) -> datasets.Place:
        mine = datasets.Member.of(run)
        if run.dataset.retrains:
            return datasets.Place(head.members, before=(head.whole,))
        if run.appends and head.members:
            return datasets.Place((*head.members, mine), before=(head.whole,))
        return datasets.Place((mine,))

    patch(importlib.import_module("prepare_dataset.commit"), "place", place)


def gate_open(patch: Patch) -> None:
    """Every model passes the gate."""
    patch(importlib.import_module("approve_model.approval"), "objection", lambda *_: None)


def numbers_unchecked(patch: Patch) -> None:
    """A metric that is no number is compared like one."""
    patch(importlib.import_module("approve_model.gate"), "_no_numbers", lambda _metrics: ())


def approval_ignored(patch: Patch) -> None:
    """The gate judges a model again that an operator approved."""
    real = operators.approve

    def approve(run: Run, live: Run | None) -> operators.Change:
        change = real(run, live)
        fields = {name: value for name, value in change.fields.items() if name != "overruled"}
        return change._replace(fields=fields)

    patch(operators, "approve", approve)


def published_nothing(patch: Patch) -> None:
    """A run counts as published of which nothing is in the serving table."""
    patch(
        importlib.import_module("publish_recommendations.publication"),
        "_write_entries",
        lambda *_: iter(()),
    )


def position_forgotten(patch: Patch) -> None:
    """Publishing continues at the start each time, so that a long one never ends."""
    real = stage_work.StageWork.note

    def note(self: Any, run_id: str, stage: Stage, by: str, until: str, position: dict[str, int]) -> bool:
        return real(self, run_id, stage, by, until, position | {"entries": 0, "passed": 0})

    patch(stage_work.StageWork, "note", note)


def position_ahead(patch: Patch) -> None:
    """The position counts a group of entries that is yet to be written."""
    publication = importlib.import_module("publish_recommendations.publication")
    real = publication._write_entries

    def write_entries(lease: Any, position: Any) -> Any:
        for reached in real(lease, position):
            yield reached._replace(entries=reached.entries + 7)

    patch(publication, "_write_entries", write_entries)


def clean_up_ends_early(patch: Patch) -> None:
    """Clean-up that had no time for all of a run's keys says that it is done."""
    cleaning = importlib.import_module("reconcile_runs.cleaning")
    patch(cleaning, "_noted", lambda _complete, _passed: {"cleaned": True})


def live_undeployed(patch: Patch) -> None:
    """A run goes live as soon as it is published, whatever the endpoint serves."""
    patch(activation, "stages_needed", lambda _mode: frozenset({Stage.PUBLISH}))


def stopped_jobs_go_on(patch: Patch) -> None:
    """Nobody stops the job of a run that an operator stopped."""
    patch(importlib.import_module("reconcile_runs.stopping"), "stop_if_running", lambda *_: False)


def roll_back_forgotten(patch: Patch) -> None:
    """A run that serves again does not remember from which later one it was rolled back."""
    patch(operators_ledger.OperatorsLedger, "_rolled_back_from", lambda *_: None)


def quota_is_a_failure(patch: Patch) -> None:
    """A quota of zero fails the run, instead of being waited for."""
    real = aws.creating

    @contextmanager
    def creating(what: str) -> Iterator[None]:
        try:
            with real(what):
                yield
        except NotYet as waiting:
            raise Rejected(str(waiting)) from waiting

    patch(aws, "creating", creating)


def deaths_by_aws_count(patch: Patch) -> None:
    """An attempt that AWS let down counts among the three that a file may take."""
    patch(ledger.Ledger, "release_lease", lambda *_: None)


def job_names_drawn(patch: Patch) -> None:
    """Each call names its training job again, so that a second one makes a second job."""
    real, numbers = sagemaker_requests.training_job, itertools.count(100)

    def training_job(settings: Any, run: Run) -> Any:
        asked: Any = real(settings, run)
        return asked | {"TrainingJobName": f"{asked['TrainingJobName']}-{next(numbers)}"}

    patch(sagemaker_requests, "training_job", training_job)


def models_stay(patch: Patch) -> None:
    """A retired run's model is left in SageMaker."""
    real = aws.delete_if_there

    def delete(what: Any) -> None:
        if "ModelName" not in what.keywords:
            real(what)

    patch(aws, "delete_if_there", delete)


ALL: tuple[Mutation, ...] = (
    dataset_unchecked, increments_in_order_of_arrival, added_to_what_came_last,
    no_conditions, order_by_run_id, exists_is_a_failure, waiting_runs_are_forgotten, pointer_unchecked,
    pointer_before_status, live_run_retired, packages_stay, event_trusted, announced_before_published,
    overwritten_uploads_forgotten, searches_run_on, the_best_is_swept,
    gate_open, approval_ignored, published_nothing, stopped_jobs_go_on, live_undeployed, roll_back_forgotten,
    position_forgotten, position_ahead, clean_up_ends_early,
    quota_is_a_failure, deaths_by_aws_count, job_names_drawn, numbers_unchecked, models_stay,
)  # fmt: skip


@contextmanager
def mutated(mutation: Mutation) -> Iterator[None]:
    """Let a deliberate bug be there for as long as the context lasts."""
    patches: list[Any] = []

    def patch(target: Any, name: str, value: Any) -> None:
        patches.append(mock.patch.object(target, name, value))
        patches[-1].start()

    try:
        mutation(patch)
        yield
    finally:
        for each in reversed(patches):
            each.stop()
