"""The pipeline on a Marketplace algorithm: one parameter of the deployment differs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from local import cloud
from local.cloud import Running, deployment, services
from local.cloud.errors import CloudError
from local.cloud.lifecycle import MARKETPLACE
from local.cloud.parameters import read_parameters
from local.sagemaker.models.marketplace import published_arn
from retailrec.cli.verbs import app
from retailrec.client.sessions import client, local_session
from retailrec.client.stack import Stack
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from tests.clouds import own_cloud
from tests.e2e import test_pipeline as pipeline
from tests.e2e.conftest import SMALL, await_endpoint, drop, fault, follow, live
from tests.e2e.test_destroy import account, destroy, start
from tests.e2e.test_permissions import DENIALS, Session

NEVER = "cron(0 3 1 1 ? 2199)"
PARAMETERS = (*SMALL, f"RetrainSchedule={NEVER}")
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]  # SAM's own macro is the second

pytestmark = pytest.mark.timeout(1800)


@pytest.mark.slow
def test_a_stack_with_a_marketplace_algorithm_from_its_deployment_to_its_removal(
    tmp_path: Path, shop_file: Path
) -> None:
    """One cloud for all of it: to come up and to go live cost more than what is looked at."""
    with own_cloud(tmp_path / "cloud"):
        state = start(
            services.plan(algorithm_arn=published_arn("us-east-1"), parameters=read_parameters(PARAMETERS))
        )
        empty = account(state)
        deployment.deploy(state)
        stack = Stack.local(state)
        run = follow(stack, drop(stack, shop_file))
        goes_live_and_says_what_it_does_without(stack, run)
        has_a_model_of_a_package_isolated_and_on_instances(stack, run)
        answer = await_endpoint(stack, "13085", 10, run.run_id)
        assert (answer.source, answer.run_id) == ("endpoint", run.run_id)
        assert stack.parameters["RetrainSchedule"] == NEVER, "a parameter reaches the stack as it is written"
        doctor_finds_nothing_wrong()
        checking_function_may_look_at_the_algorithm_and_nothing_else(stack, run)
        change_that_does_not_fit_is_rolled_back_with_a_sentence(stack)
        destroyed_leaves(stack, state, empty, run)
        deployment_without_subscription_says_so(stack, state)


def goes_live_and_says_what_it_does_without(stack: Stack, run: Run) -> None:
    assert run.status is RunStatus.LIVE, run.outcome.reason
    assert all(run.ended(stage) for stage in Stage)
    assert set(run.metrics) == {"p@k(10)"}
    assert run.metrics["p@k(10)"] > 0.01
    assert run.configuration["algorithm"] == stack.parameters["AlgorithmArn"]
    assert any("popularity" in sentence for sentence in run.not_available)
    item = stack.dynamodb().get_item(
        TableName=stack.output("LedgerTable"), Key={"pk": {"S": f"run#{run.run_id}"}}
    )["Item"]
    assert len(item["run"]["M"]["not_available"]["L"]) == len(run.not_available)


def has_a_model_of_a_package_isolated_and_on_instances(stack: Stack, run: Run) -> None:
    name = f"retailrec-{run.run_id}"
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


def doctor_finds_nothing_wrong() -> None:
    answer = CliRunner().invoke(app, ["doctor"])
    assert answer.exit_code == 0, answer.output
    assert "fits these parameters" in " ".join(answer.output.split())


def checking_function_may_look_at_the_algorithm_and_nothing_else(stack: Stack, run: Run) -> None:
    session = Session(stack, "check-algorithm")
    sagemaker = session.client("sagemaker")
    assert sagemaker.describe_algorithm(AlgorithmName=stack.parameters["AlgorithmArn"])
    calls: tuple[Callable[[], Any], ...] = (
        lambda: sagemaker.describe_training_job(TrainingJobName=f"retailrec-{run.run_id}"),
        lambda: session.client("s3").list_objects_v2(Bucket=stack.output("DataBucket")),
        lambda: session.client("dynamodb").get_item(
            TableName=stack.output("LedgerTable"), Key={"pk": {"S": "live"}}
        ),
    )
    for call in calls:
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] in DENIALS


def change_that_does_not_fit_is_rolled_back_with_a_sentence(stack: Stack) -> None:
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


def formation(state: Running) -> Any:
    return client(local_session(state), "cloudformation", state)


def reasons(making: Any, name: str) -> list[str]:
    """What CloudFormation noted as reasons, of a stack that is gone too."""
    answer = making.describe_stack_events(StackName=name)["StackEvents"]
    return [each.get("ResourceStatusReason", "") for each in answer]


def ended(making: Any, name: str) -> str:
    while True:
        status = str(making.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        if not status.endswith("_IN_PROGRESS"):
            return status


def destroyed_leaves(stack: Stack, state: Running, empty: dict[str, set[str]], run: Run) -> None:
    """Destroy the stack, once it was declined, and find the account as it was."""
    deployed = account(state)
    assert deployed["sagemaker list_model_packages"]
    answer = destroy("--data", answer="n\n")
    assert account(state) == deployed
    for name in (f"retailrec-{run.run_id}", "retailrec-endpoint", stack.output("RawBucket")):
        assert name in answer
    destroy("--data")
    assert account(state) == empty
    assert "Nothing is left of" in destroy("--data")


def deployment_without_subscription_says_so(stack: Stack, state: Running) -> None:
    fault(stack, fault="unsubscribed")
    with pytest.raises(CloudError, match="not subscribed to the algorithm"):
        deployment.deploy(state)
    destroy("--data", "--yes")  # whatever the failure left


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with a Marketplace algorithm, on a cloud of its own."""
    with own_cloud(tmp_path_factory.mktemp("marketplace")):
        yield Stack.local(cloud.up(print, algorithm_arn=MARKETPLACE, parameters=PARAMETERS))


@pytest.fixture(scope="module")
def first_run(stack: Stack, shop_file: Path) -> Run:
    """The first run, taken to its end."""
    return follow(stack, drop(stack, shop_file))


@pytest.fixture
def live_run(stack: Stack, first_run: Run) -> Run:
    """The run that is live when a test begins."""
    found = live(stack)
    assert found, first_run.outcome.reason
    return found


def again(test: Any) -> Any:
    """Run a test of our own image once more, with the fixtures above."""

    def repeated(*arguments: Any, **fixtures: Any) -> None:
        test(*arguments, **fixtures)

    repeated.__wrapped__ = test  # type: ignore[attr-defined]
    repeated.pytestmark = [  # type: ignore[attr-defined]
        *(mark for mark in getattr(test, "pytestmark", []) if mark.name != "slow"),
        pytest.mark.soak.mark,
    ]
    return repeated


test_customers_get_items = again(pipeline.test_the_demos_customers_get_ten_different_items_with_descriptions)
test_an_unknown_customer = again(pipeline.test_an_unknown_customer_gets_popular_items_marked_as_such)
test_promises = again(pipeline.test_everything_a_run_promises_is_in_the_data_bucket)
test_the_same_file = again(pipeline.test_the_same_file_again_does_nothing)
test_an_unusable_file = again(pipeline.test_an_unusable_file_is_rejected_and_the_live_model_stays)
test_a_changed_file = again(pipeline.test_a_changed_file_replaces_the_live_run_without_a_failed_request)
