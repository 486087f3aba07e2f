"""What passes by itself on AWS ends no run, and is not waited for forever: capacity, roles, late metrics."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.account.records import TrainingJob
from reconcile_runs.reconciling import reconcile
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from start_batch.batch import start_batch
from start_training.training import start_training
from tests.integration.pipeline.stack import Stack
from tests.integration.pipeline.test_steps import job, prepared

CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML "
)
INSUFFICIENT = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
NO_ROLE = "Could not assume role arn:aws:iam::123456789012:role/sagemaker. Please ensure that the role exists"
ARTIFACT = "s3://data/model.tar.gz"
Later = Callable[..., None]


def pass_by(stack: Stack, later: Later, minutes: float = 6) -> None:
    """Let some minutes pass, the reconciler send events and the functions handle them."""
    later(minutes=minutes)
    reconcile()
    stack.deliver()


def training(stack: Stack, **configuration: str) -> Run:
    run = prepared(stack.book, 1, None, **configuration)
    start_training(run.run_id)
    return run


def present_job(stack: Stack, run: Run) -> TrainingJob:
    number = stack.now(run).attempt(Stage.TRAIN)
    found: TrainingJob = stack.sagemaker.cloud.store.training_jobs.find(
        job(run) if number == 1 else f"{job(run)}-{number}"
    )
    return found


def fail(stack: Stack, run: Run, reason: str) -> None:
    ended = present_job(stack, run)
    ended.failure_reason = reason
    stack.sagemaker.end_training(ended, "Failed", {}, "", reason)


def complete(stack: Stack, run: Run, precision: float = 0.2) -> None:
    stack.sagemaker.end_training(present_job(stack, run), "Completed", {"p@k(10)": precision}, ARTIFACT)


def refuse(
    stack: Stack, operation: str, message: str, code: str = "ValidationException", times: int = 1
) -> None:
    stack.sagemaker.cloud.faults.post(
        {"fault": "refuse", "operation": operation, "code": code, "message": message, "times": times}
    )


def test_a_training_job_without_capacity_is_tried_again_later(stack: Stack, later: Later) -> None:
    run = training(stack)
    for number in (1, 2):
        fail(stack, run, CAPACITY)
        pass_by(stack, later)
        waiting = stack.now(run)
        assert waiting.status is RunStatus.TRAINING
        assert waiting.attempt(Stage.TRAIN) == number + 1
        assert CAPACITY in str(waiting.stages[Stage.TRAIN].waiting)
        assert len(list(stack.sagemaker.cloud.store.training_jobs)) == number, "not at once"
        later(minutes=20)
        pass_by(stack, later)
        assert stack.now(run).stages[Stage.TRAIN].waiting is None
    complete(stack, run)
    pass_by(stack, later)
    assert stack.now(run).status is RunStatus.APPROVED
    assert "RunFailed" not in stack.bus.types()


def test_an_event_that_comes_twice_does_not_begin_the_next_attempt_early(stack: Stack, later: Later) -> None:
    run = training(stack)
    fail(stack, run, CAPACITY)
    pass_by(stack, later)
    assert stack.now(run).attempt(Stage.TRAIN) == 2
    with pytest.raises(NotYet, match="tried again at"):
        start_training(run.run_id)
    assert len(list(stack.sagemaker.cloud.store.training_jobs)) == 1
    later(minutes=6)
    start_training(run.run_id)
    assert len(list(stack.sagemaker.cloud.store.training_jobs)) == 2


def test_a_batch_is_not_begun_early_either(stack: Stack, later: Later) -> None:
    run = approved(stack, later)
    (transform,) = stack.sagemaker.cloud.store.transform_jobs
    stack.sagemaker.end_transform(transform, "Failed", CAPACITY)
    pass_by(stack, later)
    assert stack.now(run).attempt(Stage.BATCH) == 2
    with pytest.raises(NotYet, match="tried again at"):
        start_batch(run.run_id)
    assert len(list(stack.sagemaker.cloud.store.transform_jobs)) == 1


def test_capacity_that_does_not_come_fails_the_run_in_the_end(stack: Stack, later: Later) -> None:
    run = training(stack)
    for _ in range(30):
        if stack.now(run).status is RunStatus.FAILED:
            break
        if stack.now(run).started(Stage.TRAIN) and present_job(stack, run).running:
            fail(stack, run, CAPACITY)
        pass_by(stack, later, minutes=31)
    ended = stack.now(run)
    assert (ended.status, ended.outcome.failed_stage) == (RunStatus.FAILED, Stage.TRAIN)
    assert str(ended.outcome.reason).startswith("CapacityError")
    assert len(list(stack.sagemaker.cloud.store.training_jobs)) == 9


def test_another_failure_of_a_job_fails_its_run_at_once(stack: Stack, later: Later) -> None:
    run = training(stack)
    fail(stack, run, "AlgorithmError: no rows, exit code: 1")
    pass_by(stack, later)
    assert stack.now(run).status is RunStatus.FAILED


def test_a_search_without_capacity_is_tried_again_later(stack: Stack, later: Later) -> None:
    stack.configure("none", tuning="on")
    run = training(stack, tuning="on", tuning_jobs_in_total="3", tuning_jobs_in_parallel="1")
    (search,) = stack.sagemaker.cloud.store.tuning_jobs
    trial = stack.sagemaker.begin_trial(search)
    stack.sagemaker.end_training(trial, "Failed", {}, "", CAPACITY)
    stack.sagemaker.end_tuning(search, "Failed")
    pass_by(stack, later)
    assert CAPACITY in str(stack.now(run).stages[Stage.TRAIN].waiting)
    pass_by(stack, later)
    assert [each.name for each in stack.sagemaker.cloud.store.tuning_jobs][1:] == [f"{search.name}-2"]


def approved(stack: Stack, later: Later) -> Run:
    run = training(stack)
    complete(stack, run)
    pass_by(stack, later)
    stack.deliver()
    return run


@pytest.mark.parametrize("reason", [CAPACITY, "InternalServerError: We encountered an internal error."])
def test_a_transform_job_without_capacity_is_tried_again_later(
    stack: Stack, later: Later, reason: str
) -> None:
    run = approved(stack, later)
    (transform,) = stack.sagemaker.cloud.store.transform_jobs
    stack.sagemaker.end_transform(transform, "Failed", reason)
    pass_by(stack, later)
    assert reason in str(stack.now(run).stages[Stage.BATCH].waiting)
    pass_by(stack, later)
    stack.deliver()
    assert [each.name for each in stack.sagemaker.cloud.store.transform_jobs] == [job(run), f"{job(run)}-2"]
    assert stack.now(run).status is RunStatus.APPROVED


def test_an_endpoint_without_capacity_is_tried_again_later(stack: Stack, later: Later) -> None:
    stack.configure("instance")
    fault = {"fault": "fail", "kind": "endpoint", "reason": INSUFFICIENT}
    stack.sagemaker.cloud.faults.post(fault)
    run = approved(stack, later)
    assert INSUFFICIENT in stack.settle(2)
    assert INSUFFICIENT in str(stack.now(run).stages[Stage.DEPLOY].waiting)
    assert stack.now(run).status is RunStatus.APPROVED
    later(minutes=6)
    stack.settle()
    assert stack.serves() == "instance"
    assert stack.now(run).ended(Stage.DEPLOY)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationException", NO_ROLE),
        ("AccessDeniedException", "User: u is not authorized to perform: iam:PassRole on resource: r"),
    ],
)
def test_a_new_role_is_waited_for_some_minutes(stack: Stack, later: Later, code: str, message: str) -> None:
    refuse(stack, "CreateTrainingJob", message, code, times=2)
    run = prepared(stack.book, 1)
    with pytest.raises(NotYet, match=message[:20]):
        start_training(run.run_id)
    pass_by(stack, later)
    assert message in str(stack.now(run).stages[Stage.TRAIN].waiting)
    pass_by(stack, later)
    trained = stack.now(run)
    assert (trained.status, trained.stages[Stage.TRAIN].unsettled_since) == (RunStatus.TRAINING, None)


def test_a_role_that_stays_wrong_fails_the_run_with_that_reason(stack: Stack, later: Later) -> None:
    refuse(stack, "CreateTrainingJob", NO_ROLE, times=99)
    run = prepared(stack.book, 1)
    with pytest.raises(NotYet):
        start_training(run.run_id)
    for _ in range(3):
        assert stack.now(run).status is RunStatus.PREPARED
        pass_by(stack, later)
    ended = stack.now(run)
    assert ended.status is RunStatus.FAILED
    assert NO_ROLE in str(ended.outcome.reason)


def test_a_role_that_a_job_could_not_assume_yet_gets_another_attempt(stack: Stack, later: Later) -> None:
    run = training(stack)
    fail(stack, run, "ClientError: SageMaker was unable to assume the role 'arn:aws:iam::1:role/r'")
    pass_by(stack, later)
    pass_by(stack, later)
    complete(stack, run)
    pass_by(stack, later)
    assert stack.now(run).status is RunStatus.APPROVED


@pytest.mark.parametrize("operation", ["CreateEndpoint", "CreateEndpointConfig", "CreateTransformJob"])
def test_a_resource_that_sagemaker_does_not_see_yet_is_waited_for(
    stack: Stack, later: Later, operation: str
) -> None:
    """Its reads are eventually consistent, as AWS documents of CreateEndpoint."""
    refuse(stack, operation, 'Could not find endpoint configuration "arn:aws:sagemaker:…".')
    run = approved(stack, later)
    for _ in range(2):
        stack.settle(1)
        pass_by(stack, later)
        stack.deliver()
    assert stack.now(run).status is RunStatus.APPROVED
    assert stack.serves() == "serverless"
    assert [each.name for each in stack.sagemaker.cloud.store.transform_jobs] == [job(run)]


def test_metrics_that_come_late_are_waited_for(stack: Stack, later: Later) -> None:
    run = training(stack)
    stack.sagemaker.cloud.faults.post({"fault": "late-metrics", "times": 2})
    complete(stack, run)
    for _ in range(2):
        pass_by(stack, later)
        assert stack.now(run).status is RunStatus.TRAINING
        assert "p@k(10) yet" in str(stack.now(run).stages[Stage.APPROVE].waiting)
    pass_by(stack, later, minutes=1)
    assert stack.now(run).status is RunStatus.APPROVED
    assert stack.now(run).metrics == {"p@k(10)": 0.2}


def test_a_job_that_reports_no_metric_is_judged_without_one_after_some_minutes(
    stack: Stack, later: Later
) -> None:
    run = training(stack)
    stack.sagemaker.end_training(present_job(stack, run), "Completed", {"p@k(10)": 0.2}, ARTIFACT)
    present_job(stack, run).metrics.clear()
    for _ in range(3):
        assert stack.now(run).status is RunStatus.TRAINING
        pass_by(stack, later)
    ended = stack.now(run)
    assert ended.status is RunStatus.MODEL_REJECTED
    assert "reported no p@k(10)" in str(ended.outcome.reason)


def test_a_warm_start_that_sagemaker_refuses_is_left_out(
    stack: Stack, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.configure("none", tuning="on")
    tuned = {"tuning": "on", "tuning_jobs_in_total": "3", "tuning_jobs_in_parallel": "1"}
    monkeypatch.setattr("start_training.warm_start.parent_of", lambda _run: "tuning-0123456789abcdef")
    run = training(stack, **tuned)
    (search,) = stack.sagemaker.cloud.store.tuning_jobs
    assert "WarmStartConfig" not in search.request
    assert stack.now(run).status is RunStatus.TRAINING


def test_the_local_sagemaker_counts_a_parents_training_jobs(stack: Stack) -> None:
    stack.configure("none", tuning="on")
    tuned = {"tuning": "on", "tuning_jobs_in_total": "750", "tuning_jobs_in_parallel": "1"}
    training(stack, **tuned)
    (parent,) = stack.sagemaker.cloud.store.tuning_jobs
    for _ in range(2):
        trial = stack.sagemaker.begin_trial(parent)
        stack.sagemaker.end_training(trial, "Completed", {"p@k(10)": 0.2}, ARTIFACT)
    stack.sagemaker.end_tuning(parent, "Completed")
    warm = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent.name}],
        "WarmStartType": "TransferLearning",
    }

    def ask(in_total: int) -> Any:
        config = parent.request["HyperParameterTuningJobConfig"]
        limits = config["ResourceLimits"] | {"MaxNumberOfTrainingJobs": in_total}
        return stack.sagemaker.create_hyper_parameter_tuning_job(
            **parent.request
            | {
                "HyperParameterTuningJobName": f"child-{in_total}",
                "HyperParameterTuningJobConfig": config | {"ResourceLimits": limits},
                "WarmStartConfig": warm,
            }
        )

    with pytest.raises(ClientError, match=r"ResourceLimitExceeded.*750, and 751"):
        ask(749)
    ask(748)
