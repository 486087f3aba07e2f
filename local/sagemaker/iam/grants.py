"""Reads what roles and users may do, through the IAM API."""

from typing import TYPE_CHECKING, cast

from local.sagemaker.iam.policies import Document, Grants

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


def of_role(iam: "IAMClient", name: str) -> Grants:
    """Read a role's inline and attached policies, boundary and trust; raises IAM's NoSuchEntity."""
    role = iam.get_role(RoleName=name)["Role"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    policies = [
        _document(iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]) for one in inline
    ]
    policies += [_attached(iam, policy["PolicyArn"]) for policy in attached]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    trust = _document(role["AssumeRolePolicyDocument"])
    return Grants(
        policies,
        boundary=[_managed(iam, boundary)] if boundary else None,
        trust={} if isinstance(trust, str) else trust,
    )


def of_user(iam: "IAMClient", name: str) -> Grants:
    """Read a user's own policies and those of its groups; raises IAM's NoSuchEntity."""
    policies = [
        _document(iam.get_user_policy(UserName=name, PolicyName=one)["PolicyDocument"])
        for one in iam.list_user_policies(UserName=name)["PolicyNames"]
    ]
    attached = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        group_name = group["GroupName"]
        policies += [
            _document(iam.get_group_policy(GroupName=group_name, PolicyName=one)["PolicyDocument"])
            for one in iam.list_group_policies(GroupName=group_name)["PolicyNames"]
        ]
        attached += iam.list_attached_group_policies(GroupName=group_name)["AttachedPolicies"]
    policies += [_attached(iam, policy["PolicyArn"]) for policy in attached]
    return Grants(policies)


def _attached(iam: "IAMClient", arn: str) -> Document:
    """Read an attached policy; one of AWS's own that the emulator does not know grants nothing here."""
    try:
        return _managed(iam, arn)
    except iam.exceptions.NoSuchEntityException:
        return {"Version": "2012-10-17", "Statement": []}


def _managed(iam: "IAMClient", arn: str) -> Document:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _document(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _document(document: object) -> Document:
    """Take a policy document as it is: botocore decodes them to dicts, whatever its stubs say."""
    return cast(Document, document)
