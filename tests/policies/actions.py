"""Which permissions a call of boto3's needs: the IAM actions, their resources, and the condition keys.

SageMaker's are the local SageMaker's own rules (``local.sagemaker.http.control``). The sources of the others:

- S3: "Required permissions for Amazon S3 API operations",
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
- DynamoDB: "Using IAM with DynamoDB transactions",
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
- EventBridge, CloudFormation, SageMaker Runtime: the service authorization reference,
  https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from local.sagemaker.account.cloud import Cloud
from local.sagemaker.http.control import OPERATIONS, accesses
from local.sagemaker.iam.policies import Access
from local.sagemaker.settings import Settings
from tests.environment import ENVIRONMENT
from tests.policies.roles import ACCOUNT, REGION

Request = Mapping[str, Any]
Rule = Callable[[Request], Iterator[Access]]
_SETTINGS = Settings(state_dir=Path(), aws_endpoint="", account=ACCOUNT, region=REGION)
_CLOUD = cast(Cloud, SimpleNamespace(settings=_SETTINGS))
STACK_TAG = "aws:ResourceTag/retailrec:stack"


class UnknownCall(AssertionError):
    """A call whose permissions are not listed here."""


def needed(service: str, operation: str, request: Request) -> list[Access]:
    """List what a caller must be allowed for a call; raises UnknownCall."""
    if service == "sagemaker":
        return _sagemaker(operation, request)
    rule = _RULES.get((service, operation))
    if rule is None:
        raise UnknownCall(f"{__name__} does not know which permissions {service} {operation} needs")
    return list(rule(request))


def needed_to_see_that_it_is_missing(bucket: str) -> Access:
    """Return what S3 demands before it says that an object is missing, and not that it is forbidden."""
    return Access("s3:ListBucket", f"arn:aws:s3:::{bucket}")


def _sagemaker(operation: str, request: Request) -> list[Access]:
    known = OPERATIONS.get(operation)
    if known is None:
        raise UnknownCall(f"the local SageMaker does not know {operation}")
    # Of a tuning job of the stack's, whose creation is authorised with the same tag only.
    own = {STACK_TAG: ENVIRONMENT["STACK_NAME"]} if operation.startswith("Stop") else {}
    return [
        Access(each.action, each.resource, {**each.context, **own})
        for each in accesses(_CLOUD, known, dict(request))
    ]


def _object(action: str) -> Rule:
    def rule(request: Request) -> Iterator[Access]:
        version = "Version" if request.get("VersionId") and action in ("GetObject", "DeleteObject") else ""
        key = request["Key"].replace("\n", " ")  # at which the emulator's evaluator ends a wildcard
        yield Access(f"s3:{action}{version}", f"arn:aws:s3:::{request['Bucket']}/{key}")

    return rule


def _bucket(action: str) -> Rule:
    def rule(request: Request) -> Iterator[Access]:
        context = {"s3:prefix": request["Prefix"]} if "Prefix" in request else {}
        yield Access(f"s3:{action}", f"arn:aws:s3:::{request['Bucket']}", context)

    return rule


def _upload(request: Request) -> Iterator[Access]:
    """Yield the permissions of an upload; one in parts that fails is aborted."""
    for action in ("PutObject", "AbortMultipartUpload"):
        yield from _object(action)(request)


def _table(action: str) -> Rule:
    def rule(request: Request) -> Iterator[Access]:
        index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
        yield Access(f"dynamodb:{action}", f"{_table_arn(request['TableName'])}{index}")

    return rule


def _tables(action: str) -> Rule:
    def rule(request: Request) -> Iterator[Access]:
        yield from (Access(f"dynamodb:{action}", _table_arn(name)) for name in request["RequestItems"])

    return rule


_WRITES = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _transaction(request: Request) -> Iterator[Access]:
    for entry in request["TransactItems"]:
        for kind, write in entry.items():
            yield Access(f"dynamodb:{_WRITES[kind]}", _table_arn(write["TableName"]))


def _events(request: Request) -> Iterator[Access]:
    for entry in request["Entries"]:
        bus = entry.get("EventBusName", "default")
        arn = bus if bus.startswith("arn:") else f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}"
        yield Access("events:PutEvents", arn)


def _invocation(request: Request) -> Iterator[Access]:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{request['EndpointName']}"
    yield Access("sagemaker:InvokeEndpoint", arn)


def _stack(request: Request) -> Iterator[Access]:
    yield Access("cloudformation:DescribeStacks", request["StackName"])


def _table_arn(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


_RULES: dict[tuple[str, str], Rule] = {
    ("s3", "HeadObject"): _object("GetObject"),
    ("s3", "GetObject"): _object("GetObject"),
    ("s3", "PutObject"): _object("PutObject"),
    ("s3", "CreateMultipartUpload"): _upload,
    ("s3", "UploadPart"): _object("PutObject"),
    ("s3", "CompleteMultipartUpload"): _object("PutObject"),
    ("s3", "AbortMultipartUpload"): _object("AbortMultipartUpload"),
    ("s3", "DeleteObject"): _object("DeleteObject"),
    ("s3", "ListObjectsV2"): _bucket("ListBucket"),
    ("s3", "ListObjectVersions"): _bucket("ListBucketVersions"),
    # boto3's transfers, which the simulator answers as a whole.
    ("s3", "UploadFile"): _upload,
    ("s3", "DownloadFile"): _object("GetObject"),
    **{
        ("dynamodb", action): _table(action)
        for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DescribeTable")
    },
    ("dynamodb", "BatchGetItem"): _tables("BatchGetItem"),
    ("dynamodb", "BatchWriteItem"): _tables("BatchWriteItem"),
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("events", "PutEvents"): _events,
    ("sagemaker-runtime", "InvokeEndpoint"): _invocation,
    ("cloudformation", "DescribeStacks"): _stack,
}
