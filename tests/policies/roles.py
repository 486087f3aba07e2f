"""What each function's role allows, with the names of the tests' resources in the place of the stack's."""

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from local.sagemaker.iam.policies import Access, Grants, Principal, refusal
from tests.environment import ENVIRONMENT, read_expanded_template

ACCOUNT = "123456789012"
REGION = "us-east-1"
Names = tuple[tuple[str, str], ...]

# Variables of a function's environment, by the resource or parameter that they name.
_VARIABLES = {
    "AWS::StackName": "STACK_NAME",
    "RawBucket": "RAW_BUCKET",
    "DataBucket": "DATA_BUCKET",
    "LedgerTable": "LEDGER_TABLE",
    "ServingTable": "SERVING_TABLE",
    "EventBus": "EVENT_BUS",
    "AlgorithmArn": "ALGORITHM_ARN",
}
_CONSTANTS = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/*",
    "DeadLetters": "dead-letters",
}
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::Events::EventBus": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
}


@cache
def function_names() -> frozenset[str]:
    """Return the names of the functions' packages."""
    return frozenset(_functions())


@cache
def _functions() -> dict[str, str]:
    """Map each function's package to the logical id of its role."""
    resources = read_expanded_template()["Resources"]
    return {
        each["Properties"]["Handler"].split(".")[0]: each["Properties"]["Role"]["Fn::GetAtt"][0]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Function"
    }


def present_names() -> Names:
    """Return what the environment calls the stack's resources now."""
    found = {name: os.environ.get(name) or ENVIRONMENT.get(name, "") for name in _VARIABLES.values()}
    return tuple(found.items())


def refusal_of(function: str, access: Access, names: Names | None = None) -> str | None:
    """Return why a function's role refuses an access, or None if it allows it."""
    context = tuple(sorted((key, _frozen(value)) for key, value in access.context.items()))
    role = _functions()[function]
    return _refusal(role, access.action, access.resource, context, names or present_names())


def refusal_of_role(role: str, access: Access) -> str | None:
    """Return why a role of the template refuses an access, or None if it allows it."""
    context = tuple(sorted((key, _frozen(value)) for key, value in access.context.items()))
    return _refusal(role, access.action, access.resource, context, present_names())


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@cache
def _refusal(role: str, action: str, resource: str, context: Any, names: Names) -> str | None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/x"
    asked = {key: list(value) if isinstance(value, tuple) else value for key, value in context}
    return refusal(
        Principal(arn, "AssumedRole", ACCOUNT, REGION), grants(role, names), Access(action, resource, asked)
    )


@cache
def grants(role: str, names: Names) -> Grants:
    """Return the inline policies of a role; of AWS's own, no call of the functions has need."""
    policies = read_expanded_template()["Resources"][role]["Properties"]["Policies"]
    resolved = [_resolve(policy["PolicyDocument"], dict(names)) for policy in policies]
    return Grants([{"Version": "2012-10-17"} | document for document in resolved])


def _resolve(value: Any, names: Mapping[str, str]) -> Any:
    """Put names in the place of Ref, Fn::GetAtt and Fn::Sub."""
    if isinstance(value, list):
        return [_resolve(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return _named(value["Ref"], names)
    if "Fn::GetAtt" in value:
        return _arn(value["Fn::GetAtt"][0], names)
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:]+)(\.Arn)?\}", lambda found: _part(found, names), value["Fn::Sub"])
    return {key: _resolve(inner, names) for key, inner in value.items()}


def _part(found: "re.Match[str]", names: Mapping[str, str]) -> str:
    return _arn(found[1], names) if found[2] else _named(found[1], names)


def _named(name: str, names: Mapping[str, str]) -> str:
    return _CONSTANTS[name] if name in _CONSTANTS else names[_VARIABLES[name]]


def _arn(name: str, names: Mapping[str, str]) -> str:
    if name == "SageMakerRole":
        return ENVIRONMENT["SAGEMAKER_ROLE_ARN"]
    return _ARNS[read_expanded_template()["Resources"][name]["Type"]].format(_named(name, names))
