"""Each statement of the template names actions that exist, on resources that they take."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.environment import read_expanded_template
from tests.policies.roles import REGION, grants, present_names
from tests.policies.service_reference import arn_patterns, resource_types

RESOURCES = read_expanded_template()["Resources"]
# All but API Gateway's, whose statements are AWS's own.
ROLES = [
    name
    for name, each in RESOURCES.items()
    if each["Type"] == "AWS::IAM::Role" and "Policies" in each["Properties"]
]
NAMES = tuple(
    (dict(present_names()) | {"ALGORITHM_ARN": f"arn:aws:sagemaker:{REGION}:1:algorithm/x"}).items()
)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements() -> Iterator[tuple[str, Any]]:
    for role in ROLES:
        for document in grants(role, NAMES).policies:
            assert not isinstance(document, str)
            for statement in document["Statement"]:
                yield role, statement


def takes(action: str, resource: str) -> bool:
    """Return whether an action takes a resource, wildcards in both allowed."""
    return any(re.fullmatch(pattern, resource.replace("*", "x")) for pattern in arn_patterns(action))


@pytest.mark.parametrize(("role", "statement"), list(statements()))
def test_an_action_takes_a_resource_of_its_statement(role: str, statement: Any) -> None:
    resources = listed(statement["Resource"])
    for action in listed(statement["Action"]):
        if resource_types(action) and resources != ["*"]:
            assert any(takes(action, each) for each in resources), f"{role}: {action} on {resources}"


@pytest.mark.parametrize(("role", "statement"), list(statements()))
def test_a_resource_is_taken_by_an_action_of_its_statement(role: str, statement: Any) -> None:
    for resource in listed(statement["Resource"]):
        if resource != "*":
            taken = [action for action in listed(statement["Action"]) if takes(action, resource)]
            assert taken, f"{role}: nothing on {resource}"


def test_an_action_on_the_wrong_kind_of_resource_is_found() -> None:
    assert takes("s3:ListBucket", "arn:aws:s3:::data")
    assert not takes("s3:ListBucket", "arn:aws:sqs:us-east-1:123456789012:data")
    assert not takes("sagemaker:CreateModel", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x")
    with pytest.raises(KeyError):
        resource_types("s3:HeadObject")
