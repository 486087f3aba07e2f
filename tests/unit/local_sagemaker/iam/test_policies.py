from typing import Any

import pytest

from local.sagemaker.iam.policies import ROOT, Access, Grants, Principal, refusal, trusts_sagemaker

ROLE = Principal(
    "arn:aws:sts::000000000000:assumed-role/starter/fn", "AssumedRole", "000000000000", "us-east-1"
)
JOB = "arn:aws:sagemaker:us-east-1:000000000000:training-job/shop-1"


def grants(*statements: dict[str, Any], boundary: list[Any] | None = None) -> Grants:
    return Grants([{"Statement": list(statements)}], boundary=boundary)


def allow(action: str, resource: str = "*", condition: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition or {}}


def test_what_no_policy_names_is_refused() -> None:
    known = grants(allow("sagemaker:Describe*", JOB))
    assert refusal(ROLE, known, Access("sagemaker:DescribeTrainingJob", JOB)) is None
    assert refusal(ROLE, known, Access("sagemaker:DescribeTrainingJob", JOB + "0")) is not None
    assert (
        refusal(ROLE, known, Access("sagemaker:StopTrainingJob", JOB))
        == "because no identity-based policy allows the sagemaker:StopTrainingJob action"
    )


def test_a_denial_beats_every_allowance() -> None:
    known = grants(allow("*"), {"Effect": "Deny", "Action": "sagemaker:Stop*", "Resource": "*"})
    because = refusal(ROLE, known, Access("sagemaker:StopTrainingJob", JOB))
    assert because == "with an explicit deny in an identity-based policy"


def test_a_boundary_bounds() -> None:
    known = grants(allow("*"), boundary=[{"Statement": [allow("s3:*")]}])
    assert refusal(ROLE, known, Access("s3:GetObject", "arn:aws:s3:::b/k")) is None
    assert refusal(ROLE, known, Access("sagemaker:ListModels", "*")) is not None


def test_a_role_is_passed_to_one_service_only() -> None:
    known = grants(
        allow("iam:PassRole", "*", {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})
    )
    to_sagemaker = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    assert refusal(ROLE, known, Access("iam:PassRole", "arn:role", to_sagemaker)) is None
    assert (
        refusal(ROLE, known, Access("iam:PassRole", "arn:role", {"iam:PassedToService": "ecs"})) is not None
    )
    assert refusal(ROLE, known, Access("iam:PassRole", "arn:role")) is not None


def test_tags_of_the_request_are_conditions() -> None:
    known = grants(
        allow(
            "sagemaker:CreateModel",
            "*",
            {
                "StringEquals": {"aws:RequestTag/stack": "shop"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["stack"]},
            },
        )
    )
    tagged = {"aws:RequestTag/stack": "shop", "aws:TagKeys": ["stack"]}
    assert refusal(ROLE, known, Access("sagemaker:CreateModel", "*", tagged)) is None
    more = {**tagged, "aws:TagKeys": ["stack", "owner"]}
    assert refusal(ROLE, known, Access("sagemaker:CreateModel", "*", more)) is not None


def trust(**changes: Any) -> Grants:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
        **changes,
    }
    return Grants(trust={"Statement": [statement]})


@pytest.mark.parametrize(
    ("changes", "trusted"),
    [
        ({}, True),
        ({"Principal": {"Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}, False),
        ({"Principal": {"Service": "lambda.amazonaws.com"}}, False),
        ({"Principal": {"AWS": "*"}}, False),
        ({"Action": "sts:TagSession"}, False),
        ({"Effect": "Deny"}, False),
    ],
)
def test_who_may_assume_a_role(changes: dict[str, Any], trusted: bool) -> None:
    assert trusts_sagemaker(trust(**changes), ROLE) is trusted


def test_root_may_do_everything() -> None:
    assert refusal(ROLE, ROOT, Access("s3:GetObject", "arn:aws:s3:::b/k")) is None
