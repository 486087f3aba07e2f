"""With IAM enforced, no function can do what its role does not name: each tries."""

import hashlib
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.sagemaker.callers import worker_key
from retailrec.stack import Stack
from retailrec_shared import names
from retailrec_shared.run import Run

FUNCTIONS = (
    "prepare-dataset",
    "start-training",
    "approve-model",
    "start-batch",
    "publish-recommendations",
    "update-endpoint",
    "activate-endpoint",
    "recommend-api",
    "reconcile-runs",
)
DENIALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
Call = Callable[["Session"], Any]


class Session:
    """A function's own credentials, and the stack's names."""

    def __init__(self, stack: Stack, function: str) -> None:
        self.stack = stack
        lambdas = stack._client("lambda")
        lambdas.invoke(FunctionName=f"{stack.name}-{function}", Payload=b'{"detail": {}}')  # a worker is born
        found = lambdas.get_function_configuration(FunctionName=f"{stack.name}-{function}")
        key = worker_key(found)
        digest = hashlib.sha256(f"{found['FunctionArn']}:{found['Role']}".encode()).hexdigest()
        secret = hashlib.sha256(f"secret:{digest}".encode()).hexdigest()
        self._session: Any = boto3.Session(key.access_key, secret, key.session_token, region_name="us-east-1")

    def client(self, service: str) -> Any:
        assert self.stack.cloud is not None
        local = (
            self.stack.cloud.sagemaker_url if service.startswith("sagemaker") else self.stack.cloud.aws_url
        )
        return self._session.client(service, endpoint_url=local)


def table(name: str) -> Callable[[Session], dict[str, str]]:
    return lambda session: {"TableName": session.stack.output(name)}


def an_output(session: Session, relative: str) -> str:
    """Key of an output of a run that was prepared."""
    runs = session.stack.ledger().runs()
    return names.run_key(next(run.run_id for run in runs if run.counts), relative)


# What some functions may do and others may not, with who may.
CALLS: dict[str, tuple[Call, set[str]]] = {
    "read a dropped file": (
        lambda s: s.client("s3").list_objects_v2(Bucket=s.stack.output("RawBucket")),
        {"prepare-dataset", "reconcile-runs"},
    ),
    "write a dropped file": (
        lambda s: s.client("s3").put_object(Bucket=s.stack.output("RawBucket"), Key="x", Body=b"x"),
        set(),
    ),
    "delete a dropped file": (
        lambda s: s.client("s3").delete_object(Bucket=s.stack.output("RawBucket"), Key="x"),
        set(),
    ),
    "compare with a run's catalogue": (
        lambda s: s.client("s3").get_object(
            Bucket=s.stack.output("DataBucket"), Key=an_output(s, names.CATALOGUE_JSONL)
        ),
        {"prepare-dataset", "publish-recommendations", "reconcile-runs"},
    ),
    "list the runs": (
        lambda s: s.client("dynamodb").query(
            **table("LedgerTable")(s), IndexName="by_upload", KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": "run"}},
        ),
        {"prepare-dataset", "update-endpoint", "activate-endpoint", "reconcile-runs"},
    ),
    "read a run's training rows": (
        lambda s: s.client("s3").get_object(
            Bucket=s.stack.output("DataBucket"), Key=an_output(s, names.TRAIN_CSV)
        ),
        {"publish-recommendations", "reconcile-runs"},
    ),
    "write a run's recommendations": (
        lambda s: s.client("s3").put_object(
            Bucket=s.stack.output("DataBucket"), Key="runs/x/recommendations/x", Body=b"x"
        ),
        {"prepare-dataset", "publish-recommendations"},
    ),
    "write outside the runs": (
        lambda s: s.client("s3").put_object(Bucket=s.stack.output("DataBucket"), Key="x", Body=b"x"),
        set(),
    ),
    "delete a run's output": (
        lambda s: s.client("s3").delete_object(Bucket=s.stack.output("DataBucket"), Key="runs/x/train/x"),
        set(),
    ),
    "open a run": (
        lambda s: s.client("dynamodb").put_item(
            **table("LedgerTable")(s), Item={"pk": {"S": "test#permission"}}
        ),
        {"prepare-dataset"},
    ),
    "delete from the ledger": (
        lambda s: s.client("dynamodb").delete_item(**table("LedgerTable")(s), Key={"pk": {"S": "x"}}),
        set(),
    ),
    "scan the ledger": (lambda s: s.client("dynamodb").scan(**table("LedgerTable")(s)), set()),
    "delete a table": (lambda s: s.client("dynamodb").delete_table(**table("LedgerTable")(s)), set()),
    "ask the endpoint": (
        lambda s: s.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=s.stack.output("EndpointName"), Body=b'{"user_id": "1", "top_n": "1"}',
            ContentType="application/json",
        ),
        {"recommend-api"},
    ),
    "look at the endpoint": (
        lambda s: s.client("sagemaker").describe_endpoint(EndpointName=s.stack.output("EndpointName")),
        {"update-endpoint", "activate-endpoint", "reconcile-runs"},
    ),
    "look at all training jobs": (lambda s: s.client("sagemaker").list_training_jobs(), set()),
    "look at a stranger's job": (
        lambda s: s.client("sagemaker").describe_training_job(TrainingJobName="stranger"),
        set(),
    ),
    "stop a job": (
        lambda s: s.client("sagemaker").stop_training_job(TrainingJobName=f"{s.stack.name}-x"),
        set(),
    ),
    "call another function": (
        lambda s: s.client("lambda").invoke(FunctionName=f"{s.stack.name}-reconcile-runs"),
        set(),
    ),
    "read IAM": (lambda s: s.client("iam").list_roles(), set()),
    "tell people of failures": (
        lambda s: s.client("sns").publish(TopicArn=s.stack.output("FailuresTopic"), Message="x"),
        set(),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sessions(stack: Stack, live_run: Run) -> dict[str, Session]:
    return {function: Session(stack, function) for function in FUNCTIONS}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("what", CALLS)
def test_only_what_a_role_names_is_allowed(sessions: dict[str, Session], function: str, what: str) -> None:
    call, allowed = CALLS[what]
    if function in allowed:
        call(sessions[function])
        return
    with pytest.raises(ClientError) as refused:
        call(sessions[function])
    assert refused.value.response["Error"]["Code"] in DENIALS
