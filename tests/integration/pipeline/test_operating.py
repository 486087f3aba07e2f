"""Operators step in: what they ask happens once, and no event, late or doubled, undoes it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import boto3
import pytest

from activate_endpoint.activation import endpoint_changed
from approve_model.approval import judge_training_job
from publish_recommendations.publishing import transform_job_changed
from reconcile_runs.app import handler as reconcile_handler
from reconcile_runs.reconciling import reconcile
from reconcile_runs.stopping import stop_jobs
from retailrec.client.operating import Operator
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec_shared.core import bus as pipeline_bus
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger import operators_ledger
from retailrec_shared.ledger.activation import activate_if_ready
from retailrec_shared.ledger.announcements import announcement
from retailrec_shared.ledger.failure import fail_run
from retailrec_shared.ledger.ledger import GoLiveResult, Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker import deployment
from retailrec_shared.sagemaker.retirement import delete_earlier_attempts
from start_batch.batch import start_batch
from start_training.training import start_training
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.test_steps import (
    ENDPOINT,
    approved,
    job,
    opened,
    prepared,
    retire,
    serve,
    status,
)

OUTPUTS = {"LedgerTable": "ledger", "EventBus": "retailrec", "EndpointName": ENDPOINT}


class StackOnFakes(Stack):
    """The stack over moto, with the bus faked."""

    bus: FakeEventBridge

    def aws(self, service: str) -> Any:
        return self.bus if service == "events" else self.session.client(service)  # type: ignore[call-overload]


@pytest.fixture
def operator(book: Ledger, bus: FakeEventBridge) -> Operator:
    stack = StackOnFakes("retailrec", boto3.Session(), OUTPUTS, {})
    object.__setattr__(stack, "bus", bus)
    return Operator(stack)


def now_of(book: Ledger, run: Run) -> Run:
    found = book.get(run.run_id)
    assert found is not None
    return found


@pytest.mark.slow
def test_each_retry_of_a_training_has_one_job_of_its_own(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    sagemaker.end_training(job(run), {}, "Failed")
    judge_training_job(job(run))
    operator.retry(run.run_id)
    judge_training_job(job(run))  # the first attempt's event again, before the second attempt's job is there
    assert status(book, run) is RunStatus.PREPARED
    assert bus.published("DatasetPrepared")[-1]["run_id"] == run.run_id
    start_training(run.run_id)
    start_training(run.run_id)
    judge_training_job(job(run))  # and after: what counts is the job of the present attempt
    assert status(book, run) is RunStatus.TRAINING
    assert list(sagemaker.training_jobs) == [job(run), f"{job(run)}-2"]
    sagemaker.end_training(f"{job(run)}-2", {"p@k(10)": 0.2})
    judge_training_job(f"{job(run)}-2")
    assert status(book, run) is RunStatus.APPROVED
    assert now_of(book, run).outcome.reason is None


def test_a_start_that_slept_through_a_retry_marks_nothing(book: Ledger, sagemaker: FakeSageMaker) -> None:
    run = prepared(book, 1)
    assert book.start_stage(run.run_id, Stage.TRAIN, 2) is None
    assert book.start_stage(run.run_id, Stage.TRAIN, 1) is not None


@pytest.mark.parametrize("wrong", [timedelta(minutes=-4), timedelta(minutes=4)])
def test_a_laptops_clock_decides_nothing(
    book: Ledger,
    sagemaker: FakeSageMaker,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    wrong: timedelta,
) -> None:
    class Laptop(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + wrong

    def answered(http_response: Any, **_call: Any) -> None:
        http_response.headers["date"] = format_datetime(
            datetime.now(UTC)
        )  # AWS's, where moto has the laptop's

    events = operator._ledger._dynamodb.meta.events
    events.register_first("after-call.dynamodb", answered)
    live = approved(book, sagemaker, 1)
    serve(book, sagemaker, live)
    newer = approved(book, sagemaker, 2)
    serve(book, sagemaker, newer)
    monkeypatch.setattr(operators_ledger, "datetime", Laptop)
    run = prepared(book, 3)
    operator.stop(run.run_id)
    operator.roll_back(*operator.roll_back_target(None))
    for moved in (run, live, newer):
        at = datetime.fromisoformat(now_of(book, moved).status_at)
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


def test_a_second_failure_is_announced_again(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = prepared(book, 1)
    fail_run(run.run_id, Stage.TRAIN, "first")
    operator.retry(run.run_id)
    fail_run(run.run_id, Stage.TRAIN, "second")
    published = bus.published("RunFailed")
    assert [event["reason"] for event in published] == ["first", "second"]
    assert f"retailrec retry {run.run_id}" in published[-1]["next_step"]


def test_a_second_failure_is_announced_though_the_first_was_recorded_late(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = prepared(book, 1)
    book.move(run.run_id, RunStatus.FAILED, reason="first", failed_stage=Stage.TRAIN.value)
    slow = now_of(book, run)  # its function has announced the failure, and sleeps before it records that
    operator.retry(run.run_id)
    published = announcement(slow)
    assert published is not None
    pipeline_bus.publish(published)
    book.note_announced(slow)
    assert now_of(book, run).outcome.announced is None
    fail_run(run.run_id, Stage.TRAIN, "second")
    assert [event["reason"] for event in bus.published("RunFailed")] == ["first", "second"]


def test_a_retried_batch_gets_a_new_job_over_the_same_model(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = approved(book, sagemaker, 1)
    start_batch(run.run_id)
    sagemaker.transform_jobs[job(run)] |= {"TransformJobStatus": "Failed", "FailureReason": "out of memory"}
    transform_job_changed(job(run))
    assert status(book, run) is RunStatus.FAILED
    operator.retry(run.run_id)
    transform_job_changed(job(run))  # late
    assert status(book, run) is RunStatus.APPROVED
    start_batch(run.run_id)
    second = sagemaker.transform_jobs[f"{job(run)}-2"]
    assert second["ModelName"] == job(run)


def test_a_deployment_that_sagemaker_took_back_can_be_tried_again(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    serve(book, sagemaker, approved(book, sagemaker, 1))
    bad = approved(book, sagemaker, 2)
    deployment.reconcile_endpoint()
    sagemaker.settle_endpoint(rolled_back=True)
    endpoint_changed(ENDPOINT)
    assert status(book, bad) is RunStatus.FAILED
    operator.retry(bad.run_id)
    serve(book, sagemaker, bad)
    assert status(book, bad) is RunStatus.LIVE
    assert sagemaker.calls.count("update_endpoint") == 2


def test_a_retired_runs_model_is_made_again_and_leaves_nothing_behind(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = approved(book, sagemaker, 1)
    fail_run(run.run_id, Stage.BATCH, "why")
    retire()
    assert sagemaker.models == {}
    operator.retry(run.run_id)
    judge_training_job(job(run))
    assert set(sagemaker.models) == {f"{job(run)}-2", f"{job(run)}-s2"}
    assert status(book, run) is RunStatus.APPROVED
    fail_run(run.run_id, Stage.BATCH, "again")
    retire()
    assert sagemaker.models == {}


def test_what_an_earlier_attempt_left_does_not_stay_with_the_run_that_serves(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = approved(book, sagemaker, 1)
    fail_run(run.run_id, Stage.BATCH, "why")
    book.record(run.run_id, retired=True)  # claimed, and then the reconciler died
    operator.retry(run.run_id)
    judge_training_job(job(run))
    serve(book, sagemaker, run)
    assert set(sagemaker.models) == {job(run), f"{job(run)}-s1", f"{job(run)}-2", f"{job(run)}-s2"}
    for _ in range(2):
        delete_earlier_attempts(datetime.now(UTC) + timedelta(minutes=3))
    assert set(sagemaker.models) == {f"{job(run)}-2", f"{job(run)}-s2"}


def test_what_is_brought_back_this_moment_is_not_retired(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = approved(book, sagemaker, 1)
    fail_run(run.run_id, Stage.BATCH, "why")
    seen = now_of(book, run)
    operator.retry(run.run_id)
    assert book.update(seen, seen.status, retired=True) is None
    assert set(sagemaker.models) == {job(run), f"{job(run)}-s1"}


def test_a_stopped_run_ends_and_its_job_with_it(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    operator.stop(run.run_id)
    (published,) = bus.published("RunFailed")
    assert (published["stage"], published["reason"]) == ("train", "Stopped by an operator.")
    reconcile_handler({"detail-type": "RunFailed", "detail": published}, FakeContext())  # type: ignore[arg-type]
    assert sagemaker.training_jobs[job(run)]["TrainingJobStatus"] == "Stopped"
    judge_training_job(job(run))
    assert now_of(book, run).outcome.reason == "Stopped by an operator."
    assert len(bus.published("RunFailed")) == 1
    with pytest.raises(Problem, match="there is nothing to stop"):
        operator.stop(run.run_id)


def test_a_job_that_was_being_created_when_its_run_was_stopped_is_stopped_as_well(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = prepared(book, 1)
    operator.stop(run.run_id)
    reconcile()
    sagemaker.create_training_job(TrainingJobName=job(run))  # by a function that had read the run before
    reconcile()
    assert sagemaker.training_jobs[job(run)]["TrainingJobStatus"] == "Stopped"
    assert now_of(book, run).cleanup.jobs_to_stop
    stop_jobs(now_of(book, run), datetime.now(UTC) + timedelta(minutes=5))
    assert now_of(book, run).cleanup.jobs_to_stop == ()


def test_a_stopped_run_can_go_on_under_a_new_name_while_its_old_job_ends(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    operator.stop(run.run_id)
    operator.retry(run.run_id)
    start_training(run.run_id)
    reconcile()
    assert sagemaker.training_jobs[job(run)]["TrainingJobStatus"] == "Stopped"
    assert sagemaker.training_jobs[f"{job(run)}-2"]["TrainingJobStatus"] == "InProgress"


KIND = {"cleaning_profile": "retail", "split": "temporal"}


def held(book: Ledger, sagemaker: FakeSageMaker, number: int) -> Run:
    run = prepared(book, number)
    start_training(run.run_id)
    sagemaker.end_training(job(run), {"p@k(10)": 0.02, "p@k(10)_popularity": 0.03})
    judge_training_job(job(run))
    return run


def test_a_model_worse_than_popularity_is_held_until_somebody_approves_it(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = held(book, sagemaker, 1)
    assert status(book, run) is RunStatus.MODEL_REJECTED
    assert sagemaker.models == {}
    (published,) = bus.published("ModelRejected")
    assert "recommending the most popular items" in published["reason"]
    assert f"retailrec approve {run.run_id}" in published["next_step"]
    judge_training_job(job(run))  # a late event does not approve it
    assert status(book, run) is RunStatus.MODEL_REJECTED
    operator.approve(run.run_id)
    judge_training_job(job(run))
    assert status(book, run) is RunStatus.APPROVED
    assert "recommending the most popular items" in str(now_of(book, run).gate.overruled)
    assert set(sagemaker.models) == {f"{job(run)}-2", f"{job(run)}-s2"}


def live_of_this_kind(book: Ledger, sagemaker: FakeSageMaker) -> Run:
    live = prepared(book, 1, None, **KIND)
    start_training(live.run_id)
    sagemaker.end_training(job(live), {"p@k(10)": 0.20, "p@k(10)_popularity": 0.05})
    judge_training_job(job(live))
    serve(book, sagemaker, live)
    return live


def test_a_model_worse_than_the_live_one_is_held_and_the_live_one_stays(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    live = live_of_this_kind(book, sagemaker)
    again = {"etag": live.upload.etag, "uploaded_at": "2026-01-02"}
    worse = prepared(book, 2, live.upload.model_copy(update=again), **KIND, factors="2")
    start_training(worse.run_id)
    sagemaker.end_training(job(worse), {"p@k(10)": 0.15, "p@k(10)_popularity": 0.05})
    judge_training_job(job(worse))
    assert status(book, worse) is RunStatus.MODEL_REJECTED
    assert f"The live run {live.run_id} does better" in str(now_of(book, worse).outcome.reason)
    reconcile()
    assert book.pointer("live") == live.run_id


def test_a_lower_lift_on_other_rows_is_a_caution_and_replaces_the_live_run(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    live = live_of_this_kind(book, sagemaker)
    other = prepared(book, 2, None, **KIND)
    start_training(other.run_id)
    sagemaker.end_training(job(other), {"p@k(10)": 0.20, "p@k(10)_popularity": 0.10})
    judge_training_job(job(other))
    assert status(book, other) is RunStatus.APPROVED
    caution = str(now_of(book, other).gate.caution)
    assert f"is 2.00 times popularity's, where the run {live.run_id} had 4.00 times" in caution
    serve(book, sagemaker, other)
    assert book.pointer("live") == other.run_id


def rolled_back(book: Ledger, sagemaker: FakeSageMaker, operator: Operator) -> tuple[Run, Run]:
    first = approved(book, sagemaker, 1)
    serve(book, sagemaker, first)
    second = approved(book, sagemaker, 2)
    serve(book, sagemaker, second)
    assert book.pointer("live") == second.run_id
    target, live = operator.roll_back_target(None)
    assert (target.run_id, live.run_id) == (first.run_id, second.run_id)
    operator.roll_back(target, live)
    return first, second


def test_the_previous_run_serves_again_after_one_update(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    first, second = rolled_back(book, sagemaker, operator)
    assert book.pointer("live") == first.run_id
    before = sagemaker.calls.count("update_endpoint")
    assert bus.types()[-1] == "SageMaker Endpoint State Change"
    endpoint_changed(ENDPOINT)
    sagemaker.settle_endpoint()
    endpoint_changed(ENDPOINT)
    assert sagemaker.calls.count("update_endpoint") == before + 1
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["EndpointConfigName"] == f"{job(first)}-s1"
    assert (status(book, first), status(book, second)) == (RunStatus.LIVE, RunStatus.SUPERSEDED)
    assert bus.published("EndpointLive")[-1] == {
        "version": "1", "run_id": first.run_id, "replaced": second.run_id,
    }  # fmt: skip


def test_nothing_undoes_a_roll_back_but_a_later_drop(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    first = approved(book, sagemaker, 1)
    serve(book, sagemaker, first)
    second = approved(book, sagemaker, 2)
    serve(book, sagemaker, second)
    stale = now_of(book, second)
    operator.roll_back(*operator.roll_back_target(None))
    for _ in range(3):
        reconcile()
        if sagemaker.endpoint and "Next" in sagemaker.endpoint:
            sagemaker.settle_endpoint()
        endpoint_changed(ENDPOINT)
    assert not activate_if_ready(stale)
    book.go_live(stale.run_id)  # a handler that had read the second run as live
    assert book.pointer("live") == first.run_id
    assert {job(first), job(second)} <= set(sagemaker.models)
    third = approved(book, sagemaker, 3)
    serve(book, sagemaker, third)
    assert book.pointer("live") == third.run_id
    assert status(book, first) is RunStatus.SUPERSEDED


def rolled_back_before_another(book: Ledger, sagemaker: FakeSageMaker, operator: Operator) -> tuple[Run, Run]:
    """Roll back from the third upload to the first, then approve the second; returns first and second."""
    first = approved(book, sagemaker, 1)
    serve(book, sagemaker, first)
    serve(book, sagemaker, approved(book, sagemaker, 3))
    operator.roll_back(*operator.roll_back_target(None))
    return first, approved(book, sagemaker, 2)


def test_an_earlier_upload_than_the_one_rolled_back_does_not_go_live(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    first, between = rolled_back_before_another(book, sagemaker, operator)
    for stage in (Stage.PUBLISH, Stage.DEPLOY):
        book.end_stage(between.run_id, stage)
    assert not activate_if_ready(now_of(book, between))
    assert book.pointer("live") == first.run_id
    assert status(book, between) is RunStatus.SUPERSEDED


def test_the_endpoint_does_not_leave_a_rolled_back_run_for_one_that_cannot_go_live(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    first, between = rolled_back_before_another(book, sagemaker, operator)
    serving = deployment.current_target()
    assert serving is not None
    assert serving.run_id == first.run_id
    reconcile()
    assert status(book, between) is RunStatus.SUPERSEDED


def test_after_several_roll_backs_the_first_still_counts(
    book: Ledger,
    sagemaker: FakeSageMaker,
    bus: FakeEventBridge,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RETAINED_RUNS", "2")
    settings.cache_clear()
    served = []
    for number in (1, 2, 4):
        served.append(approved(book, sagemaker, number))
        serve(book, sagemaker, served[-1])
    first, second, fourth = served
    for target in (second, first, second, first):
        operator.roll_back(*operator.roll_back_target(target.run_id))
    third = approved(book, sagemaker, 3)
    assert now_of(book, first).rollout.rolled_back_from == fourth.run_id
    assert book.go_live(third.run_id) is GoLiveResult.OVERTAKEN
    operator.roll_back(*operator.roll_back_target(fourth.run_id))
    assert now_of(book, fourth).rollout.rolled_back_from is None


def test_a_roll_back_that_came_too_late_changes_nothing(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    first = approved(book, sagemaker, 1)
    serve(book, sagemaker, first)
    second = approved(book, sagemaker, 2)
    serve(book, sagemaker, second)
    asked = operator.roll_back_target(None)
    third = approved(book, sagemaker, 3)
    serve(book, sagemaker, third)
    with pytest.raises(Problem, match="nothing was done"):
        operator.roll_back(*asked)
    assert book.pointer("live") == third.run_id
    assert status(book, first) is RunStatus.SUPERSEDED


def test_without_an_endpoint_a_roll_back_moves_the_pointer_alone(
    book: Ledger,
    sagemaker: FakeSageMaker,
    bus: FakeEventBridge,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, _ = rolled_back(book, sagemaker, operator)
    monkeypatch.setenv("ENDPOINT_MODE", "none")
    settings.cache_clear()
    reconcile()
    endpoint_changed(ENDPOINT)
    assert book.pointer("live") == first.run_id
    assert sagemaker.endpoint is None


def test_a_run_can_be_rolled_forward_again(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    first, second = rolled_back(book, sagemaker, operator)
    assert now_of(book, first).rollout.rolled_back_from == second.run_id
    operator.roll_back(*operator.roll_back_target(second.run_id))
    assert book.pointer("live") == second.run_id
    assert now_of(book, second).rollout.rolled_back_from is None


def test_before_anything_served_there_is_nothing_to_roll_back(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    with pytest.raises(Problem, match="No run is live yet"):
        operator.roll_back_target(None)
    serve(book, sagemaker, approved(book, sagemaker, 1))
    with pytest.raises(Problem, match="nothing to go back to"):
        operator.roll_back_target(None)


def test_a_failed_preparation_is_asked_for_again(
    book: Ledger, bus: FakeEventBridge, operator: Operator, sagemaker: FakeSageMaker
) -> None:
    run = opened(book, 1)
    fail_run(run.run_id, Stage.PREPARE, "why")
    operator.retry(run.run_id)
    (detail,) = bus.published("Object Created")
    assert (detail["run-id"], detail["object"]["key"]) == (run.run_id, "a.csv")
    assert status(book, run) is RunStatus.PREPARING


class FakeContext:
    function_name = "reconcile-runs"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:reconcile-runs"
    aws_request_id = "1"


def test_a_judge_who_read_the_run_before_it_was_approved_does_not_hold_it_again(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = held(book, sagemaker, 1)
    operator.approve(run.run_id)
    assert book.move(run.run_id, RunStatus.MODEL_REJECTED, reason="below the floor") is None
    assert status(book, run) is RunStatus.TRAINING
