"""The end-to-end tests once more on a Marketplace algorithm: one parameter of the deployment differs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from local import cloud
from local.cloud import Running, deployment
from local.cloud.errors import CloudError
from local.cloud.lifecycle import MARKETPLACE
from retailrec.cli import app
from retailrec.sessions import client, local_session
from retailrec.stack import Stack
from retailrec_shared.run import Run
from retailrec_shared.status import RunStatus, Stage
from tests.e2e import test_pipeline as pipeline
from tests.e2e.conftest import drop, follow
from tests.e2e.test_permissions import DENIALS, Session
from tests.local_sagemaker import ask_sagemaker

NEVER = "cron(0 3 1 1 ? 2199)"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]  # SAM's own macro is the second

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with a Marketplace algorithm, on a cloud of its own."""
    before = os.environ.get("RETAILREC_STATE_DIR")
    os.environ["RETAILREC_STATE_DIR"] = str(tmp_path_factory.mktemp("marketplace"))
    try:
        yield Stack.local(cloud.up(print, algorithm_arn=MARKETPLACE, parameters=[f"RetrainSchedule={NEVER}"]))
    finally:
        cloud.down(print)
        if before is None:
            del os.environ["RETAILREC_STATE_DIR"]
        else:
            os.environ["RETAILREC_STATE_DIR"] = before


@pytest.fixture(scope="module")
def live_run(stack: Stack, shop_file: Path) -> Run:
    """The first run, taken to its end."""
    return follow(stack, drop(stack, shop_file))


def test_a_dropped_file_goes_live_and_says_what_it_does_without(stack: Stack, live_run: Run) -> None:
    assert live_run.status is RunStatus.LIVE, live_run.reason
    assert all(live_run.ended(stage) for stage in Stage)
    assert set(live_run.metrics) == {"p@k(10)"}
    assert live_run.metrics["p@k(10)"] > 0.01
    assert live_run.configuration["algorithm"] == stack.parameters["AlgorithmArn"]
    assert any("popularity" in sentence for sentence in live_run.not_available)
    item = stack.dynamodb().get_item(
        TableName=stack.output("LedgerTable"), Key={"pk": {"S": f"run#{live_run.run_id}"}}
    )["Item"]
    assert len(item["run"]["M"]["not_available"]["L"]) == len(live_run.not_available)


# The same tests as of our own image, with the fixtures above.
test_customers_get_items = pipeline.test_the_demos_customers_get_ten_different_items_with_descriptions
test_an_unknown_customer = pipeline.test_an_unknown_customer_gets_popular_items_marked_as_such
test_promises = pipeline.test_everything_a_run_promises_is_in_the_data_bucket
test_the_same_file = pipeline.test_the_same_file_again_does_nothing
test_an_unusable_file = pipeline.test_an_unusable_file_is_rejected_and_the_live_model_stays


def test_its_model_is_of_a_package_isolated_and_on_instances(stack: Stack, live_run: Run) -> None:
    name = f"retailrec-{live_run.run_id}"
    sagemaker = stack.sagemaker()
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["EnableNetworkIsolation"]
    assert set(job["HyperParameters"]) == {"factors", "iterations", "learning_rate", "regularization"}
    assert sagemaker.describe_model_package(ModelPackageName=name)["ModelPackageStatus"] == "Completed"
    model = sagemaker.describe_model(ModelName=name)
    assert model["PrimaryContainer"]["ModelPackageName"] == name
    assert model["EnableNetworkIsolation"]
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"]
    assert variant["InstanceType"] == "ml.m5.large"


def test_a_parameter_reaches_the_stack_as_it_is_written(stack: Stack) -> None:
    assert stack.parameters["RetrainSchedule"] == NEVER


def test_the_doctor_finds_nothing_to_mend(stack: Stack, live_run: Run) -> None:
    ended = CliRunner().invoke(app, ["doctor"])
    assert ended.exit_code == 0, ended.output
    assert "fits these parameters" in " ".join(ended.output.split())


def test_the_checking_function_may_look_at_the_algorithm_and_nothing_else(
    stack: Stack, live_run: Run
) -> None:
    session = Session(stack, "check-algorithm")
    sagemaker = session.client("sagemaker")
    assert sagemaker.describe_algorithm(AlgorithmName=stack.parameters["AlgorithmArn"])
    calls: tuple[Callable[[], Any], ...] = (
        lambda: sagemaker.describe_training_job(TrainingJobName=f"retailrec-{live_run.run_id}"),
        lambda: session.client("s3").list_objects_v2(Bucket=stack.output("DataBucket")),
        lambda: session.client("dynamodb").get_item(
            TableName=stack.output("LedgerTable"), Key={"pk": {"S": "live"}}
        ),
    )
    for call in calls:
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] in DENIALS


test_a_changed_file = pipeline.test_a_changed_file_replaces_the_live_run_without_a_failed_request


def formation(state: Running) -> Any:
    return client(local_session(state), "cloudformation", state)


def test_a_change_that_does_not_fit_is_rolled_back_with_a_sentence(stack: Stack, live_run: Run) -> None:
    assert stack.cloud is not None
    arguments = {"StackName": stack.name, "UsePreviousTemplate": True, "Capabilities": CAPABILITIES}
    changed = [{"ParameterKey": "TrainingInstanceType", "ParameterValue": "ml.p3.2xlarge"}]
    kept = [
        {"ParameterKey": name, "UsePreviousValue": True}
        for name in stack.parameters
        if name != "TrainingInstanceType"
    ]
    making = formation(stack.cloud)
    making.update_stack(**arguments, Parameters=[*changed, *kept])
    status = ended(making, stack.name)
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert any("set TrainingInstanceType to" in reason for reason in reasons(making, stack.name))


def reasons(making: Any, name: str) -> list[str]:
    """What CloudFormation noted as reasons, of a stack that is gone too."""
    told = making.describe_stack_events(StackName=name)["StackEvents"]
    return [each.get("ResourceStatusReason", "") for each in told]


def ended(making: Any, name: str) -> str:
    while True:
        status = str(making.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        if not status.endswith("_IN_PROGRESS"):
            return status


def test_destroy_leaves_nothing_and_a_deployment_without_subscription_says_so(stack: Stack) -> None:
    assert stack.cloud is not None
    destroyed = CliRunner().invoke(app, ["destroy", "--data", "--yes"])
    assert destroyed.exit_code == 0, destroyed.output
    sagemaker = stack.sagemaker()
    assert sagemaker.list_model_packages()["ModelPackageSummaryList"] == []
    assert sagemaker.list_models()["Models"] == []
    fault = {"fault": "unsubscribed"}
    ask_sagemaker(stack.cloud, "POST", "/_faults", fault)
    with pytest.raises(CloudError, match="not subscribed to the algorithm"):
        deployment.deploy(stack.cloud)
    destroyed = CliRunner().invoke(app, ["destroy", "--data", "--yes"])  # whatever the failure left
    assert destroyed.exit_code == 0, destroyed.output
