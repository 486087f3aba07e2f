"""A step that fails the same way again and again ends its run with the reason; a passing error does not."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from activate_endpoint.activation import endpoint_changed
from approve_model.approval import judge_training_job
from publish_recommendations.publishing import transform_job_changed
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.settings import settings
from retailrec_shared.core.status import MOST_FAILURES, RunStatus, Stage
from retailrec_shared.ledger.failure import step_of
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.ledger.operators import retry
from retailrec_shared.ledger.run import Run
from retailrec_shared.sagemaker.deployment import reconcile_endpoint
from start_batch.batch import start_batch
from start_training.training import start_training
from tests.fakes import FakeEventBridge, FakeSageMaker, refusal
from tests.integration.pipeline.test_steps import approved, job, prepared

DENIED = refusal("OptInRequired", "User is not authorized to perform this action.")


def now(book: Ledger, run: Run) -> Run:
    found = book.get(run.run_id)
    assert found is not None
    return found


def repeat(book: Ledger, run: Run, step: Callable[[], None], stage: Stage) -> None:
    """Fail until the run ends, and check that it does so with AWS's own words."""
    for number in range(1, MOST_FAILURES):
        with pytest.raises(ClientError):
            step()
        assert now(book, run).stages[stage].failures == number
    step()
    ended = now(book, run)
    assert (ended.status, ended.outcome.failed_stage) == (RunStatus.FAILED, stage)
    assert "6 times in the same way" in str(ended.outcome.reason)
    assert "not authorized" in str(ended.outcome.reason)


def deny(**_request: Any) -> None:
    raise DENIED


def test_a_training_that_may_not_start(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(book, 1)
    monkeypatch.setattr(sagemaker, "create_training_job", deny)
    repeat(book, run, lambda: start_training(run.run_id), Stage.TRAIN)
    again = retry(now(book, run), None)
    assert again.stages[Stage.TRAIN].failures is None, "an operator's retry counts from the start"


def test_a_training_job_that_may_not_be_described(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker
) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    sagemaker.problems["describe_training_job"] = DENIED
    repeat(book, run, lambda: judge_training_job(job(run)), Stage.TRAIN)


def test_a_batch_that_may_not_start_or_be_described(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = approved(book, sagemaker, 1), approved(book, sagemaker, 2)
    start_batch(second.run_id)
    monkeypatch.setattr(sagemaker, "describe_transform_job", deny)
    monkeypatch.setattr(sagemaker, "create_transform_job", deny)
    repeat(book, first, lambda: start_batch(first.run_id), Stage.BATCH)
    repeat(book, second, lambda: transform_job_changed(job(second)), Stage.BATCH)


def test_a_gate_that_fails(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(book, 1)
    start_training(run.run_id)
    sagemaker.end_training(job(run), {"p@k(10)": 0.2})
    monkeypatch.setattr("approve_model.approval.objection", deny)
    monkeypatch.setattr("approve_model.approval._live_run", deny)
    repeat(book, run, lambda: judge_training_job(job(run)), Stage.APPROVE)


def test_an_approved_run_whose_training_job_may_not_be_described_is_not_trained_again(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker
) -> None:
    run = approved(book, sagemaker, 1)
    sagemaker.problems["describe_training_job"] = DENIED
    repeat(book, run, lambda: judge_training_job(job(run)), Stage.APPROVE)


@pytest.mark.parametrize("step", [reconcile_endpoint, lambda: endpoint_changed(settings().endpoint_name)])
def test_an_endpoint_that_may_not_be_described(
    book: Ledger,
    bus: FakeEventBridge,
    sagemaker: FakeSageMaker,
    monkeypatch: pytest.MonkeyPatch,
    step: Callable[[], None],
) -> None:
    run = approved(book, sagemaker, 1)
    monkeypatch.setattr(sagemaker, "describe_endpoint", deny)

    def attempt() -> None:
        with suppress(NotYet):  # a success for Lambda
            step()

    repeat(book, run, attempt, Stage.DEPLOY)


def test_an_upload_that_s3_refuses_is_named_and_one_that_it_throttles_is_not_counted(book: Ledger) -> None:
    """boto3 hides AWS's refusal of a file's upload in an error of its own."""
    run = prepared(book, 1)

    def upload(code: str, message: str) -> None:
        try:
            raise refusal(code, message)
        except ClientError as error:
            raise S3UploadFailedError(f"Failed to upload x to data/x: {error}")  # noqa: B904 - as boto3 does

    for _ in range(2 * MOST_FAILURES):
        with pytest.raises(S3UploadFailedError), step_of(run.run_id, Stage.TRAIN):
            upload("SlowDown", "Reduce your request rate.")
    assert now(book, run).stages[Stage.TRAIN].failures is None
    with pytest.raises(S3UploadFailedError), step_of(run.run_id, Stage.TRAIN):
        upload("AccessDenied", "No identity-based policy allows it.")
    assert "No identity-based policy allows it." in str(now(book, run).stages[Stage.TRAIN].failure)


@pytest.mark.parametrize(
    "message", ["Refused (RequestId: {})", "Refused (Service: X; Request ID: {}; Proxy: -)"]
)
def test_the_id_of_a_request_does_not_make_another_failure_of_it(book: Ledger, message: str) -> None:
    run = prepared(book, 1)
    for number in range(1, 4):
        with pytest.raises(ClientError), step_of(run.run_id, Stage.TRAIN):
            raise refusal("KMSInvalidStateException", message.format(uuid4()))
        assert now(book, run).stages[Stage.TRAIN].failures == number


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("ProvisionedThroughputExceededException", 400),
        ("SlowDown", 503),
        ("InternalFailure", 500),
        ("Unheard", 503),
    ],
)
def test_what_passes_by_itself_is_not_counted(book: Ledger, code: str, status: int) -> None:
    run = prepared(book, 1)
    error: Any = {"Error": {"Code": code, "Message": "Sorry"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    for _ in range(2 * MOST_FAILURES):
        with pytest.raises(ClientError), step_of(run.run_id, Stage.TRAIN):
            raise ClientError(error, "CreateTrainingJob")
    assert now(book, run).status is RunStatus.PREPARED


def test_another_kind_of_failure_is_counted_from_the_start(book: Ledger) -> None:
    run = prepared(book, 1)
    for number in range(2 * MOST_FAILURES):
        with pytest.raises(LookupError), step_of(run.run_id, Stage.TRAIN):
            raise (KeyError if number % 2 else IndexError)("customer 13085")
    assert now(book, run).status is RunStatus.PREPARED
    failure = now(book, run).stages[Stage.TRAIN].failure
    assert failure is not None
    assert failure.startswith("KeyError in test_failures_that_repeat.py")
    assert "13085" not in failure, "it is logged, and mailed"


def test_a_success_ends_the_count(
    book: Ledger, bus: FakeEventBridge, sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(book, 1)
    with monkeypatch.context() as denied:
        denied.setattr(sagemaker, "create_training_job", deny)
        with pytest.raises(ClientError):
            start_training(run.run_id)
    start_training(run.run_id)
    record = now(book, run).stages[Stage.TRAIN]
    assert (record.failure, record.failures) == (None, None)
