"""With IAM enforced, no function can do what its role does not name: each tries."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud.workers import worker_key
from retailrec.client.stack import Stack
from retailrec_shared.core import names
from retailrec_shared.ledger.run import Run

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
        assert stack.cloud is not None
        key = worker_key(found, stack.cloud.secret_key)
        self._clients: dict[str, Any] = {}
        self._session: Any = boto3.Session(
            key.access_key, key.secret, key.session_token, region_name="us-east-1"
        )

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def _make(self, service: str) -> Any:
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


def absent(call: Callable[[], Any]) -> None:
    """Make a call for a missing resource: the answer that it is missing proves the permission."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] in DENIALS:
            raise


def tune(session: Session, stack: str) -> Any:
    """Ask for a tuning job in a stack's name, of which nothing is said but that."""
    return session.client("sagemaker").create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="tuning-x",
        HyperParameterTuningJobConfig={
            "Strategy": "Bayesian",
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
        },
        Tags=[{"Key": "retailrec:stack", "Value": stack}],
    )


def serving_table(session: Session) -> str:
    stack = session.stack
    found = stack.aws("cloudformation").describe_stack_resource(
        StackName=stack.name, LogicalResourceId="ServingTable"
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def an_event(bus: str) -> dict[str, str]:
    return {"Source": "test", "DetailType": "Nothing", "Detail": "{}", "EventBusName": bus}


# What some functions may do and others may not, with who may.
CALLS: dict[str, tuple[Call, set[str]]] = {
    "read a dropped file": (
        lambda s: s.client("s3").list_objects_v2(Bucket=s.stack.output("RawBucket")),
        {"prepare-dataset"},
    ),
    "list what was dropped and overwritten": (
        lambda s: s.client("s3").list_object_versions(Bucket=s.stack.output("RawBucket")),
        {"reconcile-runs"},
    ),
    "move the live pointer in a transaction": (
        lambda s: s.client("dynamodb").transact_write_items(
            TransactItems=[{"Update": {
                **table("LedgerTable")(s), "Key": {"pk": {"S": "test#transaction"}},
                "UpdateExpression": "SET seen = :yes", "ExpressionAttributeValues": {":yes": {"BOOL": True}},
            }}]
        ),
        set(FUNCTIONS) - {"recommend-api"},
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
        {
            "prepare-dataset", "start-training", "update-endpoint", "activate-endpoint", "reconcile-runs",
            "recommend-api",
        },
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
    "call another function": (
        lambda s: s.client("lambda").invoke(FunctionName=f"{s.stack.name}-reconcile-runs"),
        set(),
    ),
    "stop a training job of the stack's": (
        lambda s: absent(
            lambda: s.client("sagemaker").stop_training_job(TrainingJobName=f"{s.stack.name}-x")
        ),
        {"reconcile-runs"},
    ),
    "stop a stranger's transform job": (
        lambda s: s.client("sagemaker").stop_transform_job(TransformJobName="stranger"),
        set(),
    ),
    "look at a training job of the stack's": (
        lambda s: absent(
            lambda: s.client("sagemaker").describe_training_job(TrainingJobName=f"{s.stack.name}-x")
        ),
        {"approve-model", "reconcile-runs"},
    ),
    "look at a transform job of the stack's": (
        lambda s: absent(
            lambda: s.client("sagemaker").describe_transform_job(TransformJobName=f"{s.stack.name}-x")
        ),
        {"publish-recommendations", "reconcile-runs"},
    ),
    "look at a tuning job": (
        lambda s: absent(
            lambda: s.client("sagemaker").describe_hyper_parameter_tuning_job(
                HyperParameterTuningJobName="tuning-x"
            )
        ),
        {"start-training", "approve-model", "reconcile-runs"},
    ),
    "look at a training job of a tuning job": (
        lambda s: absent(
            lambda: s.client("sagemaker").describe_training_job(TrainingJobName="tuning-x-001-0a1b2c3d")
        ),
        {"approve-model"},
    ),
    "look at all tuning jobs": (lambda s: s.client("sagemaker").list_hyper_parameter_tuning_jobs(), set()),
    "start a tuning job of the stack's": (
        lambda s: absent(lambda: tune(s, s.stack.name)),  # allowed, and then refused for what it lacks
        {"start-training"},
    ),
    "start a tuning job that is not the stack's": (lambda s: tune(s, "another"), set()),
    "stop a tuning job that is not the stack's": (
        lambda s: s.client("sagemaker").stop_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="tuning-x"
        ),
        set(),
    ),
    "delete a model that a search has no use for": (
        lambda s: s.client("s3").delete_object(
            Bucket=s.stack.output("DataBucket"), Key="runs/x/model/tuning-x-001-0a1b2c3d/output/model.tar.gz"
        ),
        {"reconcile-runs"},
    ),
    "delete a run's model": (
        lambda s: s.client("s3").delete_object(
            Bucket=s.stack.output("DataBucket"), Key="runs/x/model/retailrec-x/output/model.tar.gz"
        ),
        set(),
    ),
    "list a run's outputs": (
        lambda s: s.client("s3").list_objects_v2(Bucket=s.stack.output("DataBucket"), Prefix="runs/x/"),
        {"prepare-dataset", "approve-model", "publish-recommendations", "reconcile-runs"},
    ),
    "delete a model of the stack's": (
        lambda s: absent(lambda: s.client("sagemaker").delete_model(ModelName=f"{s.stack.name}-x")),
        {"reconcile-runs"},
    ),
    "make a model package of the stack's": (
        lambda s: absent(
            lambda: s.client("sagemaker").create_model_package(
                ModelPackageName=f"{s.stack.name}-x",
                SourceAlgorithmSpecification={"SourceAlgorithms": [{"AlgorithmName": "nobodys"}]},
            )
        ),
        {"approve-model"},
    ),
    "delete a model package of the stack's": (
        lambda s: absent(
            lambda: s.client("sagemaker").delete_model_package(ModelPackageName=f"{s.stack.name}-x")
        ),
        {"reconcile-runs"},
    ),
    "look at an algorithm": (
        lambda s: absent(lambda: s.client("sagemaker").describe_algorithm(AlgorithmName="nobodys")),
        set(),
    ),
    "delete a stranger's model": (
        lambda s: s.client("sagemaker").delete_model(ModelName="stranger"),
        set(),
    ),
    "delete an endpoint config of the stack's": (
        lambda s: absent(
            lambda: s.client("sagemaker").delete_endpoint_config(EndpointConfigName=f"{s.stack.name}-x")
        ),
        {"update-endpoint", "activate-endpoint", "reconcile-runs"},
    ),
    "delete a stranger's endpoint": (
        lambda s: s.client("sagemaker").delete_endpoint(EndpointName="stranger"),
        set(),
    ),
    "publish to the pipeline's bus": (
        lambda s: s.client("events").put_events(Entries=[an_event(s.stack.output("EventBus"))]),
        set(FUNCTIONS) - {"recommend-api"},
    ),
    "publish to the account's bus": (
        lambda s: s.client("events").put_events(Entries=[an_event("default")]),
        {"reconcile-runs", "prepare-dataset", "publish-recommendations"},
    ),
    "note something of a run": (
        lambda s: s.client("dynamodb").update_item(
            **table("LedgerTable")(s), Key={"pk": {"S": "test#permission"}}, UpdateExpression="SET a = :a",
            ExpressionAttributeValues={":a": {"S": "b"}},
        ),
        set(FUNCTIONS) - {"recommend-api"},
    ),
    "write what is served": (
        lambda s: s.client("dynamodb").batch_write_item(
            RequestItems={serving_table(s): [{"PutRequest": {"Item": {"pk": {"S": "test#x"}}}}]}
        ),
        {"publish-recommendations", "reconcile-runs"},
    ),
    "read what is served": (
        lambda s: s.client("dynamodb").batch_get_item(
            RequestItems={serving_table(s): {"Keys": [{"pk": {"S": "test#x"}}]}}
        ),
        {"recommend-api"},
    ),
    "scan what is served": (
        lambda s: s.client("dynamodb").scan(TableName=serving_table(s)),
        set(),
    ),
    "become the uploader": (
        lambda s: s.client("sts").assume_role(
            RoleArn=s.stack.output("UploaderRole"), RoleSessionName="test"
        ),
        set(),
    ),
    "read the dead letters": (
        lambda s: s.client("sqs").receive_message(QueueUrl=s.stack.output("DeadLetters")),
        set(),
    ),
    "read the logs": (
        lambda s: s.client("logs").filter_log_events(logGroupName=s.stack.log_group),
        set(),
    ),
    "change a bucket's policy": (
        lambda s: s.client("s3").delete_bucket_policy(Bucket=s.stack.output("RawBucket")),
        set(),
    ),
    "make a role": (
        lambda s: s.client("iam").create_role(RoleName="x", AssumeRolePolicyDocument="{}"),
        set(),
    ),
    "change a function": (
        lambda s: s.client("lambda").update_function_configuration(
            FunctionName=f"{s.stack.name}-reconcile-runs", MemorySize=128
        ),
        set(),
    ),
    "read IAM": (lambda s: s.client("iam").list_roles(), set()),
    "publish failures": (
        lambda s: s.client("sns").publish(TopicArn=s.stack.output("FailuresTopic"), Message="x"),
        set(),
    ),
}  # fmt: skip


pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def sessions(stack: Stack, first_run: Run) -> dict[str, Session]:
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
