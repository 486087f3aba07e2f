"""After `retailrec destroy` the account is as it was before the deployment.

`make test-slow` destroys one stack, in test_marketplace.py.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from local.cloud import Running, deployment, services
from local.cloud.parameters import read_parameters
from retailrec.cli.verbs import app
from retailrec.client.sessions import client, local_session
from retailrec.client.stack import Stack
from retailrec.removal.account import TRAINING_LOGS, TRANSFORM_LOGS
from retailrec_shared.core.status import RunStatus
from tests.clouds import own_cloud
from tests.e2e.conftest import SMALL, drop, follow

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

# Service, operation, list in its answer, and the key that identifies an entry.
LISTS = (
    ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_layers", "Layers", "LayerName"),
    ("dynamodb", "list_tables", "TableNames", None),
    ("sqs", "list_queues", "QueueUrls", None),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("events", "list_event_buses", "EventBuses", "Name"),
    ("events", "list_rules", "Rules", "Name"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("apigateway", "get_rest_apis", "items", "id"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
    ("sagemaker", "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"),
    ("sagemaker", "list_models", "Models", "ModelName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    ("sagemaker", "list_model_packages", "ModelPackageSummaryList", "ModelPackageName"),
)


# The bucket that `sam deploy` uploads to, and SageMaker's log groups, which are for all jobs of an account.
STAYS = {deployment.ARTIFACTS_BUCKET, TRAINING_LOGS, TRANSFORM_LOGS}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A cloud on which nothing is deployed yet, but built."""
    with own_cloud(tmp_path_factory.mktemp("bare")):
        yield start(services.plan(parameters=read_parameters(SMALL)))


def start(planned: Running) -> Running:
    """Start a cloud as `retailrec up` does, but deploy nothing."""
    state = services.start_all(planned)
    deployment.build(state)
    services.wait_until_ready(state)
    return state.model_copy(update={"deployed": True}).save()


def account(state: Running) -> dict[str, set[str]]:
    """Everything that there is in the account, but for what stays, and the streams of jobs' logs."""
    session, found = local_session(state), {}
    for service, operation, member, name in LISTS:
        entries: list[Any] = getattr(client(session, service, state), operation)().get(member, [])
        printed = {entry if name is None else entry[name] for entry in entries}
        found[f"{service} {operation}"] = printed - STAYS
    logs = client(session, "logs", state)
    found["logs describe_log_streams"] = {
        stream["logStreamName"]
        for group in logs.describe_log_groups()["logGroups"]
        if group["logGroupName"] in STAYS
        for stream in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
    }
    return found


def destroy(*options: str, answer: str = "y\n") -> str:
    ended = CliRunner().invoke(app, ["destroy", *options], input=answer)
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_a_stack_with_a_live_run_leaves_nothing(bare: Running, shop_file: Path) -> None:
    empty = account(bare)
    deployment.deploy(bare)
    stack = Stack.local(bare)
    run = follow(stack, drop(stack, shop_file))
    assert run.status is RunStatus.LIVE, run.outcome.reason
    deployed = account(bare)

    printed = destroy("--data", answer="n\n")
    assert account(bare) == deployed
    for name in (f"retailrec-{run.run_id}", "retailrec-endpoint", stack.output("RawBucket")):
        assert name in printed
    assert "nothing without requests" in printed, "a serverless endpoint"
    assert "Together about $0." in printed, "its alarms"

    destroy("--data")
    assert account(bare) == empty
    assert "Nothing is left of" in destroy("--data")


def test_the_data_stays_unless_its_removal_is_requested(bare: Running, tmp_path: Path) -> None:
    empty = account(bare)
    deployment.deploy(bare)
    stack = Stack.local(bare)
    bad = tmp_path / "people.csv"
    bad.write_text("name,age\nA,3\n")
    follow(stack, drop(stack, bad))

    assert stack.output("RawBucket") in destroy("--yes")
    with pytest.raises(ClientError, match="does not exist"):
        client(stack.session, "cloudformation", bare).describe_stacks(StackName="retailrec")
    kept = client(stack.session, "s3", bare).get_object(Bucket=stack.output("RawBucket"), Key=bad.name)
    assert kept["Body"].read() == bad.read_bytes()

    destroy("--yes", "--data")
    assert account(bare) == empty


def test_what_a_lost_stack_left_in_sagemaker_goes(bare: Running, shop_file: Path) -> None:
    empty = account(bare)
    deployment.deploy(bare)
    stack = Stack.local(bare)
    assert follow(stack, drop(stack, shop_file)).status is RunStatus.LIVE
    formation = client(stack.session, "cloudformation", bare)
    formation.delete_stack(StackName="retailrec")  # as the console would
    assert account(bare)["sagemaker list_models"]
    destroy("--yes", "--data")
    assert account(bare) == empty
