"""The emulator and the local SageMaker as they run: what of ministack the guard relies on holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from local.sagemaker.guard.keys import KEY_PATH
from local.sagemaker.guard.signing import signed_headers
from tests.integration.local_sagemaker.laptop import REGION, ROOT_KEY, ROOT_SECRET, Laptop, client, wait_until

ACCOUNT = "000000000000"


def ask(method: str, url: str, service: str, key: dict[str, str], body: bytes = b"") -> httpx.Response:
    signed = signed_headers(method, url, body, service, REGION, key["AccessKeyId"], key["SecretAccessKey"])
    return httpx.request(method, url, content=body, headers=signed, timeout=60, trust_env=False)


@pytest.fixture
def user(laptop: Laptop) -> Iterator[dict[str, str]]:
    """The key of somebody who may do everything that IAM can allow."""
    allow = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    laptop.iam.create_user(UserName="eve")
    laptop.iam.put_user_policy(UserName="eve", PolicyName="all", PolicyDocument=json.dumps(allow))
    key: dict[str, str] = laptop.iam.create_access_key(UserName="eve")["AccessKey"]
    yield key
    for each in laptop.iam.list_access_keys(UserName="eve")["AccessKeyMetadata"]:
        laptop.iam.delete_access_key(UserName="eve", AccessKeyId=each["AccessKeyId"])
    laptop.iam.delete_user_policy(UserName="eve", PolicyName="all")
    laptop.iam.delete_user(UserName="eve")


def refusal(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("key", "secret"),
    [("test", "test"), (ACCOUNT, "test"), ("AKIAIOSFODNN7EXAMPLE", ROOT_SECRET)],
    ids=["test", "account", "guessed"],
)
def test_what_could_be_guessed_is_no_key(laptop: Laptop, key: str, secret: str) -> None:
    assert refusal(client("s3", laptop.aws, key, secret).list_buckets) == "InvalidAccessKeyId"
    assert refusal(client("sts", laptop.aws, key, secret).get_caller_identity) == "InvalidClientTokenId"
    assert refusal(client("dynamodb", laptop.aws, key, secret).list_tables) == "UnrecognizedClientException"
    assert refusal(client("sagemaker", laptop.url, key, secret).list_models) == "UnrecognizedClientException"


def test_the_root_key_is_nothing_without_its_secret(laptop: Laptop) -> None:
    for service, url in (("dynamodb", laptop.aws), ("sagemaker", laptop.url)):
        wrong = client(service, url, ROOT_KEY, "test")
        call = wrong.list_tables if service == "dynamodb" else wrong.list_models
        assert refusal(call) == "InvalidSignatureException"


def test_a_users_key_holds_until_it_is_deleted(laptop: Laptop, user: dict[str, str]) -> None:
    key, secret = user["AccessKeyId"], user["SecretAccessKey"]
    identity = client("sts", laptop.aws, key, secret).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/eve"
    models = client("sagemaker", laptop.url, key, secret).list_models
    models()
    laptop.iam.delete_access_key(UserName="eve", AccessKeyId=key)
    assert refusal(client("sts", laptop.aws, key, secret).get_caller_identity) == "InvalidClientTokenId"
    wait_until(lambda: _refused(models))  # the local SageMaker remembers a key for some seconds


def _refused(call: Any) -> bool:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] == "UnrecognizedClientException"
    return False


def test_a_session_of_a_role_is_known_to_both_services(laptop: Laptop, user: dict[str, str]) -> None:
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": user_arn()}, "Action": "sts:AssumeRole"}}
    role = laptop.make_role("assumed", {"sagemaker:ListModels": "*"}, trust)
    given = client("sts", laptop.aws, user["AccessKeyId"], user["SecretAccessKey"]).assume_role(
        RoleArn=role, RoleSessionName="visit"
    )["Credentials"]
    keys = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    identity = client("sts", laptop.aws, *keys).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/assumed/visit"
    client("sagemaker", laptop.url, *keys).list_models()
    assert refusal(client("sagemaker", laptop.url, keys[0], keys[1], "guessed").list_models)
    denied = client("sagemaker", laptop.url, *keys).list_endpoints
    with pytest.raises(ClientError, match="assumed-role/assumed/visit is not authorized"):
        denied()


def user_arn() -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/eve"


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_aws/sqs/messages", KEY_PATH])
def test_what_aws_does_not_have_is_for_root_alone(laptop: Laptop, user: dict[str, str], path: str) -> None:
    unsigned = httpx.post(laptop.aws + path, timeout=60, trust_env=False)
    assert unsigned.status_code == 403
    assert ask("POST", laptop.aws + path, "sts", user).status_code == 403
    laptop.s3.head_bucket(Bucket="laptop-data")


ANSWER = "/_ministack/cfn-response/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f"


def test_a_custom_resources_function_responds_without_a_signature_at_its_address(laptop: Laptop) -> None:
    """The address is drawn for one request; the emulator passes an unknown one over."""
    with httpx.Client(base_url=laptop.aws, trust_env=False, timeout=60) as client:
        assert client.put(ANSWER).status_code == 200
        page = client.put(ANSWER, headers={"Origin": "http://page.example"})
        assert page.status_code == 403
        assert client.post(ANSWER).status_code == 403
        for other in (f"{ANSWER}/x", "/_ministack/cfn-response/x", "/_ministack/cfn-signal/x"):
            assert client.put(other).status_code == 403


def test_the_emulator_describes_a_key_to_root(laptop: Laptop, user: dict[str, str]) -> None:
    root = {"AccessKeyId": ROOT_KEY, "SecretAccessKey": ROOT_SECRET}
    asked = json.dumps({"access_key": user["AccessKeyId"], "token": ""}).encode()
    described = ask("POST", laptop.aws + KEY_PATH, "sts", root, asked).json()
    assert (described["arn"], described["kind"], described["name"]) == (user_arn(), "User", "eve")
    assert described["secret"] == user["SecretAccessKey"]
    for path in ("/_faults", "/_logs/training-job/any"):
        assert ask("GET", laptop.url + path, "sagemaker", user).status_code == 403


def test_a_signature_is_for_the_service_that_answers(laptop: Laptop) -> None:
    root = {"AccessKeyId": ROOT_KEY, "SecretAccessKey": ROOT_SECRET}
    assert ask("POST", f"{laptop.url}/", "sts", root, b"{}").status_code == 403
    api = f"{laptop.aws}/_aws/execute-api/abc/v1/model"
    wrong = ask("GET", api, "s3", root)
    assert (wrong.status_code, list(wrong.json())) == (403, ["message"])
    assert ask("GET", api, "execute-api", root).status_code == 404
    assert ask("POST", f"{laptop.aws}/", "execute-api", root).status_code == 403


def test_an_upload_with_another_body_is_not_stored(laptop: Laptop) -> None:
    def swap(request: Any, **_: Any) -> None:
        request.body = b"b,b\n"

    swapping = client("s3", laptop.aws)
    swapping.meta.events.register("before-send", swap)
    with pytest.raises(ClientError, match="XAmzContentSHA256Mismatch"):
        swapping.put_object(Bucket="laptop-data", Key="swapped.csv", Body=b"a,b\n")
    assert "Contents" not in laptop.s3.list_objects_v2(Bucket="laptop-data", Prefix="swapped.csv")


def test_the_emulator_listens_on_its_guarded_port_alone(laptop: Laptop) -> None:
    port = int(laptop.aws.rsplit(":", 1)[1])
    (pid,) = [pid for pid, listening in _listeners().items() if port in listening]
    assert _listeners()[pid] == {port}


def _listeners() -> dict[int, set[int]]:
    """Return the TCP ports on which each process listens."""
    if not Path("/proc/net/tcp").exists():
        pytest.skip("the kernel reports this on Linux alone")
    inodes = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A":  # listening
                inodes[cells[9]] = int(cells[1].rpartition(":")[2], 16)
    found: dict[int, set[int]] = {}
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            inode = str(link.readlink()).removeprefix("socket:[").rstrip("]")
        except OSError:
            continue
        if inode in inodes:
            found.setdefault(int(link.parts[2]), set()).add(inodes[inode])
    return found


def test_the_method_any_of_an_api_is_every_method_and_signed(laptop: Laptop) -> None:
    signed: dict[str, Any] = {"security": [{"AWS_IAM": []}], "responses": {}}
    scheme = {
        "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
    }  # fmt: skip
    body = {
        "swagger": "2.0",
        "securityDefinitions": {"AWS_IAM": scheme},
        "paths": {"/{proxy+}": {"x-amazon-apigateway-any-method": signed}, "/model": {"get": signed}},
    }
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "any", "Body": body}}
    formation = client("cloudformation", laptop.aws, ROOT_KEY, ROOT_SECRET)
    formation.create_stack(StackName="any", TemplateBody=json.dumps({"Resources": {"Api": api}}))
    formation.get_waiter("stack_create_complete").wait(StackName="any", WaiterConfig={"Delay": 1})
    described = formation.describe_stack_resource(StackName="any", LogicalResourceId="Api")
    api_id = described["StackResourceDetail"]["PhysicalResourceId"]
    gateway = client("apigateway", laptop.aws, ROOT_KEY, ROOT_SECRET)
    methods = {
        each["path"]: {
            method: gateway.get_method(restApiId=api_id, resourceId=each["id"], httpMethod=method)
            for method in each.get("resourceMethods", {})
        }
        for each in gateway.get_resources(restApiId=api_id)["items"]
    }
    assert set(methods["/model"]) == {"GET"}
    assert set(methods["/{proxy+}"]) == {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
    assert all(method["authorizationType"] == "AWS_IAM" for method in methods["/{proxy+}"].values())
    formation.delete_stack(StackName="any")
