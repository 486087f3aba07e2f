import hashlib
import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from local.cloud.workers import WorkerKey, worker_key
from local.sagemaker.guard.keys import new_secret
from tests.integration.local_sagemaker.laptop import BUCKET, ROOT_SECRET, TRUST, Laptop, client, wait_until

ACCOUNT = "000000000000"
FUNCTION = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    sagemaker = boto3.client("sagemaker")
    try:
        getattr(sagemaker, event["call"])(**event["with"])
    except ClientError as error:
        return error.response["Error"]
    return {"Code": "allowed"}
"""


def arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{kind}/{name}"


class Worker:
    """A Lambda function of the emulator, with a role of its own, that calls SageMaker for us."""

    def __init__(self, laptop: Laptop, name: str, allowed: dict[str, Any]) -> None:
        self._functions = client("lambda", laptop.aws)
        self._name = name
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", FUNCTION)
        self._functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=laptop.make_role(f"{name}-role", allowed),
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
            Timeout=30,
        )
        wait_until(lambda: self._configuration().get("State") == "Active")

    def _configuration(self) -> Any:
        return self._functions.get_function(FunctionName=self._name)["Configuration"]

    @property
    def key(self) -> WorkerKey:
        """The credentials that the emulator gives to the function's workers."""
        return worker_key(self._configuration(), ROOT_SECRET)

    def call(self, call: str, **members: Any) -> dict[str, str]:
        reply = self._functions.invoke(
            FunctionName=self._name, Payload=json.dumps({"call": call, "with": members})
        )
        answer: dict[str, str] = json.loads(reply["Payload"].read())
        return answer


def test_a_function_may_do_what_its_role_names_and_no_more(laptop: Laptop) -> None:
    passing = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    worker = Worker(
        laptop,
        "starter",
        {
            "sagemaker:CreateTrainingJob": arn("training-job", "mine-*"),
            "sagemaker:DescribeTrainingJob": arn("training-job", "mine-*"),
        },
    )

    def start(name: str, **changes: Any) -> dict[str, str]:
        return worker.call("create_training_job", **laptop.training_request(name, **changes))

    not_passed = start("mine-1")
    assert not_passed["Code"] == "AccessDeniedException"
    assert not_passed["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/starter-role/starter is not authorized "
        f"to perform: iam:PassRole on resource: {laptop.role} "
        "because no identity-based policy allows the iam:PassRole action"
    )
    statement = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": laptop.role, "Condition": passing}
    laptop.iam.put_role_policy(
        RoleName="starter-role", PolicyName="pass", PolicyDocument=json.dumps({"Statement": [statement]})
    )
    assert start("mine-1") == {"Code": "allowed"}
    assert worker.call("describe_training_job", TrainingJobName="mine-1") == {"Code": "allowed"}

    untagged = start("mine-2", Tags=[{"Key": "run", "Value": "1"}])
    assert "sagemaker:AddTags on resource: " + arn("training-job", "mine-2") in untagged["Message"]
    assert "sagemaker:CreateTrainingJob on resource" in start("yours")["Message"]
    assert (
        "sagemaker:StopTrainingJob" in worker.call("stop_training_job", TrainingJobName="mine-1")["Message"]
    )
    assert "on resource: * because" in worker.call("list_models")["Message"]
    with pytest.raises(ClientError, match="not found"):
        laptop.sm.describe_training_job(TrainingJobName="yours")


def test_an_endpoint_takes_rights_on_its_configuration_too(laptop: Laptop) -> None:
    laptop.make_config("guarded")
    worker = Worker(laptop, "deployer", {"sagemaker:CreateEndpoint": arn("endpoint", "guarded")})

    refused = worker.call("create_endpoint", EndpointName="guarded", EndpointConfigName="guarded")

    assert f"sagemaker:CreateEndpoint on resource: {arn('endpoint-config', 'guarded')}" in refused["Message"]


def test_a_worker_key_is_worth_nothing_without_its_token(laptop: Laptop) -> None:
    worker = Worker(laptop, "robbed", {"sagemaker:ListModels": "*"})
    key = worker.key
    worker.call("list_models")  # a worker is born, and its key with it
    client("sagemaker", laptop.url, key.access_key, key.secret, key.session_token).list_models()

    for wrong in (new_secret(), ministacks_secret(worker)):
        with pytest.raises(ClientError, match="InvalidSignatureException"):
            client("sagemaker", laptop.url, key.access_key, wrong, key.session_token).list_models()
    for access_key in (key.access_key, "ASIA0123456789ABCDEF"):
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client("sagemaker", laptop.url, access_key, key.secret, "guessed").list_models()


def ministacks_secret(worker: Worker) -> str:
    """Derive a worker's secret from names alone, as ministack does by itself."""
    found = worker._configuration()
    digest = hashlib.sha256(f"{found['FunctionArn']}:{found['Role']}".encode()).hexdigest()
    return hashlib.sha256(f"secret:{digest}".encode()).hexdigest()


def test_a_user_is_known_by_its_key(laptop: Laptop) -> None:
    laptop.iam.create_user(UserName="ann")
    key = laptop.iam.create_access_key(UserName="ann")["AccessKey"]
    ann = client("sagemaker", laptop.url, key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError, match=f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized"):
        ann.list_models()

    allow = {"Statement": [{"Effect": "Allow", "Action": "sagemaker:List*", "Resource": "*"}]}
    laptop.iam.put_user_policy(UserName="ann", PolicyName="list", PolicyDocument=json.dumps(allow))
    ann.list_models()

    deny = {"Statement": [{"Effect": "Deny", "Action": "sagemaker:ListEndpoints", "Resource": "*"}]}
    laptop.iam.put_user_policy(UserName="ann", PolicyName="deny", PolicyDocument=json.dumps(deny))
    wait_until(lambda: "explicit deny" in refusal_of(ann))


def refusal_of(ann: Any) -> str:
    try:
        ann.list_endpoints()
    except ClientError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("path", ["/", "/endpoints/any/invocations"])
def test_an_unsigned_request_is_refused(laptop: Laptop, path: str) -> None:
    headers = {"X-Amz-Target": "SageMaker.ListModels"}
    reply = httpx.post(laptop.url + path, content=b"{}", headers=headers, timeout=60, trust_env=False)
    assert reply.status_code == 403
    assert reply.json()["__type"] == "MissingAuthenticationTokenException"


def test_a_job_is_held_to_its_own_role(laptop: Laptop) -> None:
    read = {"s3:ListBucket": f"arn:aws:s3:::{BUCKET}", "s3:GetObject": f"arn:aws:s3:::{BUCKET}/*"}
    nothing = laptop.make_role("reads-nothing", {"s3:PutObject": "*"})
    reader = laptop.make_role("only-reads", read)
    lambda_only = json.loads(json.dumps(TRUST).replace('"sagemaker.amazonaws.com", ', ""))
    distrusted = laptop.make_role("distrusted", {"s3:*": "*"}, trust=lambda_only)

    for name, role in {"blind": nothing, "mute": reader, "alien": distrusted}.items():
        laptop.train(name, RoleArn=role)

    assert laptop.trained("blind")["FailureReason"] == (
        "ClientError: Data download failed: "
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/reads-nothing/SageMaker "
        f"is not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::{BUCKET} "
        "because no identity-based policy allows the s3:ListBucket action"
    )
    assert "s3:PutObject on resource: arn:aws:s3:::" in laptop.trained("mute")["FailureReason"]
    assert "Could not assume role" in laptop.trained("alien")["FailureReason"]


def test_a_model_is_held_to_its_own_role(laptop: Laptop) -> None:
    laptop.put("models/secret.tar.gz", b"")
    role = laptop.make_role("reads-no-model", {"s3:GetObject": f"arn:aws:s3:::{BUCKET}/elsewhere/*"})
    container = {"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/models/secret.tar.gz"}

    with pytest.raises(ClientError, match=r"ValidationException.*Could not access model data"):
        laptop.sm.create_model(ModelName="secret", PrimaryContainer=container, ExecutionRoleArn=role)
