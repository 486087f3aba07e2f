"""What somebody deleted or edited by hand stops nothing else, and comes back where it can."""

from collections.abc import Callable
from typing import Any

import pytest

from activate_endpoint.activation import endpoint_changed
from approve_model.approval import judge_training_job
from reconcile_runs.reconciling import reconcile
from retailrec.client.operating import Operator
from retailrec_shared.core import aws
from retailrec_shared.core.errors import NotYet
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.ledger import Ledger
from retailrec_shared.sagemaker import deployment
from start_batch.batch import start_batch
from tests.fakes import FakeEventBridge, FakeSageMaker
from tests.integration.pipeline.test_operating import now_of, operator
from tests.integration.pipeline.test_steps import ENDPOINT, approved, job, opened, prepared, serve, status

__all__ = ["operator"]


def deliver(bus: FakeEventBridge, sagemaker: FakeSageMaker) -> None:
    """Let what was sent wake its functions."""
    for entry in bus.published("SageMaker Training Job State Change"):
        judge_training_job(entry["TrainingJobName"])
    if bus.published("SageMaker Endpoint State Change"):
        endpoint_changed(ENDPOINT)


def test_a_live_run_comes_back_when_endpoint_config_and_model_were_deleted(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    live = approved(book, sagemaker, 1)
    serve(book, sagemaker, live)
    sagemaker.endpoint = None
    sagemaker.configs.clear()
    sagemaker.models.clear()
    with pytest.raises(NotYet, match="Could not find model"):
        deployment.reconcile_endpoint()
    assert "Could not find model" in (now_of(book, live).stages[Stage.DEPLOY].waiting or "")
    bus.entries.clear()
    reconcile()
    deliver(bus, sagemaker)
    assert set(sagemaker.models) == {job(live), f"{job(live)}-s1"}
    assert sagemaker.endpoint is not None
    assert sagemaker.endpoint["EndpointConfigName"] == f"{job(live)}-s1"  # type: ignore[unreachable]
    assert status(book, live) is RunStatus.LIVE


def test_a_newer_run_replaces_one_whose_endpoint_config_was_deleted(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge
) -> None:
    serve(book, sagemaker, approved(book, sagemaker, 1))
    sagemaker.configs.clear()
    newer = approved(book, sagemaker, 2)
    serve(book, sagemaker, newer)
    assert status(book, newer) is RunStatus.LIVE


def test_a_model_that_was_deleted_before_the_batch_is_created_again(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, later: Callable[..., None]
) -> None:
    run = approved(book, sagemaker, 1)
    sagemaker.models.clear()
    with pytest.raises(NotYet, match="Could not find model"):
        start_batch(run.run_id)
    bus.entries.clear()
    later(minutes=5)
    reconcile()
    deliver(bus, sagemaker)
    assert bus.published("ModelApproved")
    start_batch(run.run_id)
    assert sagemaker.transform_jobs[job(run)]["ModelName"] in sagemaker.models


def test_a_retry_goes_on_though_sagemaker_forgot_the_training_job(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, operator: Operator
) -> None:
    run = approved(book, sagemaker, 1)
    start_batch(run.run_id)
    operator.stop(run.run_id)
    sagemaker.training_jobs.clear()  # a laptop's restart; its model is there
    bus.entries.clear()
    operator.retry(run.run_id)
    deliver(bus, sagemaker)
    assert bus.published("ModelApproved")


BROKEN: list[dict[str, Any]] = [
    {"M": {}},
    {"S": ""},
    {"M": {"run_id": {"S": "0" * 16}, "upload": {"NULL": True}}},
]


@pytest.mark.parametrize("run", BROKEN)
def test_an_item_of_the_ledger_that_was_emptied_stops_no_other_run(
    book: Ledger, sagemaker: FakeSageMaker, bus: FakeEventBridge, run: dict[str, Any], capsys: Any
) -> None:
    good, broken = prepared(book, 1), opened(book, 2)
    aws.dynamodb().update_item(
        TableName="ledger",
        Key={"pk": {"S": f"run#{broken.run_id}"}},
        UpdateExpression="SET #run = :run",
        ExpressionAttributeNames={"#run": "run"},
        ExpressionAttributeValues={":run": run},
    )
    assert [each.run_id for each in book.runs()] == [good.run_id]
    reconcile()
