"""The permissions that the docs, the policies and `retailrec doctor` name: complete, valid, as generated."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from retailrec.doctor.permissions import Place, needed, verbs
from scripts import permissions
from scripts.verb_permissions import VERBS

ROOT = Path(__file__).parents[2]
PLACE = Place("Shop", "eu-west-1", "123456789012")
# Of each service whose clients are made in retailrec/: IAM's name of it.
SERVICES = {
    "apigateway": "apigateway", "apigatewayv2": "apigateway", "cloudformation": "cloudformation",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb", "ecr": "ecr", "events": "events", "iam": "iam", "lambda": "lambda",
    "logs": "logs", "s3": "s3", "sagemaker": "sagemaker", "service-quotas": "servicequotas",
    "sqs": "sqs", "sts": "sts",
}  # fmt: skip
# Calls that IAM knows by another name, or by several.
OTHERWISE = {
    "s3:DeleteObjects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "s3:HeadBucket": {"s3:ListBucket"}, "s3:HeadObject": {"s3:GetObject"},
    "s3:ListBuckets": {"s3:ListAllMyBuckets"},
    "s3:ListObjectVersions": {"s3:ListBucketVersions"}, "s3:ListObjectsV2": {"s3:ListBucket"},
    "lambda:Invoke": {"lambda:InvokeFunction"}, "apigateway:GetAccount": {"apigateway:GET"},
    "apigateway:GetRestApis": {"apigateway:GET"}, "apigateway:UpdateAccount": {"apigateway:PATCH"},
    "apigateway:GetApis": {"apigateway:GET"},
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
}  # fmt: skip
# Words of ours that are also operations: nothing is called.
WORDS = {"search", "query", "invoke", "publish", "copy", "tag_resource"}


def operations() -> dict[str, set[str]]:
    """The operations of those services by their names in Python, each as IAM's service and the operation."""
    found: dict[str, set[str]] = {}
    loader = Loader()
    for service, prefix in SERVICES.items():
        for operation in loader.load_service_model(service, "service-2")["operations"]:
            found.setdefault(xform_name(operation), set()).add(f"{prefix}:{operation}")
    return found


@cache
def called() -> dict[str, set[str]]:
    """What the sources of retailrec/ call, or name for a paginator, by its name in Python."""
    known, found = operations(), dict[str, set[str]]()
    for path in (*(ROOT / "retailrec").rglob("*.py"), *(ROOT / "scripts" / "smoke").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", None) or getattr(node, "value", None)
            if isinstance(name, str) and name in known and name not in WORDS:
                found[name] = known[name]
    return found


def test_every_call_in_the_sources_is_a_permission_of_a_verb() -> None:
    granted = {action for grants in VERBS.values() for action, _ in grants}
    lacking = {
        name: sorted(operations)
        for name, operations in called().items()
        if not any(OTHERWISE.get(each, {each}) <= granted for each in operations)
    }
    assert not lacking, "add these calls to scripts/verb_permissions.py, and run `make permissions`"


def test_no_verb_lists_what_nothing_calls_any_more() -> None:
    calls = {each for operations in called().values() for each in operations}
    known = {action for call in calls for action in OTHERWISE.get(call, {call})}
    # Called by the SAM CLI and by docker, by the shared layer, by boto3's transfers, or by hand.
    outside = {
        *(action for verb in ("deploy", "push-image") for action, _ in VERBS[verb]),
        "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
        "lambda:InvokeFunction", "execute-api:Invoke", "sagemaker:DescribeAlgorithm",
    }  # fmt: skip
    listed = {action for grants in VERBS.values() for action, _ in grants}
    assert listed - known - outside == set()


def test_the_files_are_what_is_generated() -> None:
    for path, text in permissions.files().items():
        assert path.read_text(encoding="utf-8") == text, f"run `make permissions`: {path.name} differs"


def test_iam_knows_every_action() -> None:
    actions = {action for grants in permissions.by_verb().values() for action, _ in grants}
    assert [action for action in sorted(actions) if not permissions.is_known(action)] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "deployer-policies").iterdir()), ids=lambda path: path.name
)
def test_a_policy_is_valid_and_may_be_attached(path: Path) -> None:
    policy = json.loads(path.read_text(encoding="utf-8"))
    assert policy["Version"] == "2012-10-17"
    assert len(re.sub(r"\s", "", path.read_text(encoding="utf-8"))) <= 6_144
    for statement in policy["Statement"]:
        assert set(statement) == {"Effect", "Action", "Resource"}
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action) for action in statement["Action"])
        assert all(on == "*" or re.fullmatch(r"arn:aws:[a-z0-9-]+:.*", on) for on in statement["Resource"])
        assert not any("${" in on for on in statement["Resource"])


def test_the_policies_allow_every_verb() -> None:
    allowed = {
        action
        for path in (ROOT / "docs" / "deployer-policies").iterdir()
        for statement in json.loads(path.read_text(encoding="utf-8"))["Statement"]
        for action in statement["Action"]
    }
    assert {
        action for verb in verbs() for need in needed([verb], PLACE) for action in need.actions
    } <= allowed


def granted(verb: str, action: str) -> set[str]:
    return {on for need in needed([verb], PLACE) if action in need.actions for on in need.resources}


@pytest.mark.parametrize(
    ("verb", "action", "resource"),
    [
        ("deploy", "apigateway:PATCH", "arn:aws:apigateway:eu-west-1::/account"),
        ("deploy", "iam:PassRole", "arn:aws:iam::123456789012:role/Shop-example"),
        ("deploy", "lambda:PublishLayerVersion", "arn:aws:lambda:eu-west-1:123456789012:layer:SharedLayer"),
        ("deploy", "cloudformation:CreateChangeSet",
         "arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31"),
        ("deploy", "s3:CreateBucket", "arn:aws:s3:::shop-example"),
        ("deploy", "s3:PutObject", "arn:aws:s3:::aws-sam-cli-managed-default-example/example"),
        ("destroy", "lambda:DeleteLayerVersion",
         "arn:aws:lambda:eu-west-1:123456789012:layer:TablesLayer:example"),
        ("destroy", "s3:GetBucketTagging", "arn:aws:s3:::shop-example"),
        ("destroy", "sagemaker:StopHyperParameterTuningJob",
         "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/tuning-example"),
        ("push-image", "ecr:GetAuthorizationToken", "*"),
    ],
)  # fmt: skip
def test_what_a_first_deployment_stumbles_over_is_named(verb: str, action: str, resource: str) -> None:
    assert resource in granted(verb, action)


def test_an_option_that_the_template_sets_is_granted_and_another_is_not() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {}}
    plain = {action for action, _ in permissions.of_types({"B": bucket}, ["create"])}
    assert "s3:CreateBucket" in plain
    assert "s3:PutReplicationConfiguration" not in plain
    replicated = {**bucket, "Properties": {"ReplicationConfiguration": {"Role": "r", "Rules": []}}}
    assert {"s3:PutReplicationConfiguration", "iam:PassRole"} <= {
        action for action, _ in permissions.of_types({"B": replicated}, ["create"])
    }
