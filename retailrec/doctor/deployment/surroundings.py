"""Checks of what is in the account already, and would meet the new stack."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from retailrec.doctor.deployment.plan import Plan
from retailrec.doctor.findings import Finding, failed, note, ok
from retailrec.removal.identity import Client, describe, looks_like_ours
from retailrec_shared.core.aws import error_code, says_missing

_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::(?P<account>\d{12}):(?P<kind>user|role)/(?:.*/)?(?P<name>[^/]+)")
_ONLY_DELETABLE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def check_stack(client: Client, plan: Plan, region: str) -> Iterator[Finding]:
    """Check that the stack can be created or updated, and that nothing else has the names that it gives."""
    described = describe(client("cloudformation"), plan.stack)
    if described is None:
        yield ok("stack", f"There is no stack {plan.stack} yet: the deployment creates it.")
        yield from _taken_names(client, plan.stack, region)
        return
    status = str(described["StackStatus"])
    if status != "REVIEW_IN_PROGRESS" and not looks_like_ours(described):
        yield failed(
            "stack",
            f"{plan.stack} is another application's stack ({status}), and the deployment would replace it.",
            "Choose another name.",
        )
    elif status == "UPDATE_ROLLBACK_FAILED":
        yield failed(
            "stack",
            f"{plan.stack} is {status}, and cannot be updated.",
            f"Run aws cloudformation continue-update-rollback --stack-name {plan.stack} --region {region}",
        )
    elif status in _ONLY_DELETABLE:
        yield failed(
            "stack",
            f"{plan.stack} is {status}: it can be deleted, and not be updated.",
            f"Remove it first: retailrec destroy --stack {plan.stack} --region {region}",
        )
    elif status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        yield failed("stack", f"{plan.stack} is {status}.", "Wait until it has ended.")
    else:
        yield ok("stack", f"{plan.stack} is {status}: the deployment updates it.")


def _taken_names(client: Client, stack: str, region: str) -> Iterator[Finding]:
    """Find what an earlier stack of this name has left: CloudFormation does not create what is there."""
    groups = client("logs").describe_log_groups(logGroupNamePrefix=f"/retailrec/{stack}/")["logGroups"]
    left = [f"log group {group['logGroupName']}" for group in groups]
    if _exists(lambda: client("events").describe_event_bus(Name=stack)):
        left.append(f"event bus {stack}")
    if _exists(lambda: client("sagemaker").describe_endpoint(EndpointName=f"{stack}-endpoint")):
        left.append(f"endpoint {stack}-endpoint")
    if left:
        yield failed(
            "names",
            f"The account has {', '.join(left)}, and no stack {stack}.",
            f"Remove what is left of an earlier stack (retailrec destroy --stack {stack} --region {region}), "
            "or choose another name.",
        )
    else:
        yield ok("names", f"Nothing has the names that {stack} gives.")


def _exists(describe: Any) -> bool:
    try:
        describe()
    except ClientError as error:
        if says_missing(error) or error_code(error) in {"ResourceNotFoundException", "NoSuchEntity"}:
            return False
        raise
    return True


def check_artifacts_bucket(s3: Any, plan: Plan) -> Iterator[Finding]:
    """Check the bucket that samconfig.toml names for the deployment's files: all accounts share the names."""
    if not plan.artifacts_bucket:
        yield ok("bucket", "SAM keeps the deployment's files in a bucket of its own, which it creates.")
        return
    try:
        s3.head_bucket(Bucket=plan.artifacts_bucket)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchBucket"}:
            yield failed(
                "bucket",
                f"There is no bucket {plan.artifacts_bucket}, which samconfig.toml names.",
                "Create it, or set resolve_s3 instead of s3_bucket.",
            )
        elif error_code(error) in {"403", "AccessDenied", "Forbidden"}:
            yield failed(
                "bucket",
                f"{plan.artifacts_bucket} belongs to another account, or you may not use it.",
                "Choose another name: bucket names are shared by all accounts.",
            )
        elif error_code(error) in {"301", "PermanentRedirect"}:
            yield failed(
                "bucket",
                f"{plan.artifacts_bucket} is in another region.",
                "Choose a bucket in the stack's region.",
            )
        else:
            raise
    else:
        yield ok("bucket", f"{plan.artifacts_bucket} can hold the deployment's files.")


def check_api_logs(gateway: Any, stack: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """Check API Gateway's one role for logs of the account and region against ``ApiAccessLogs``."""
    if parameters["ApiAccessLogs"] == "off":
        yield ok("API logs", "ApiAccessLogs is off.")
        return
    role = gateway.get_account().get("cloudwatchRoleArn")
    if parameters["ApiAccessLogs"] != "on":
        if role:
            yield ok("API logs", f"API Gateway writes logs with {role}.")
        else:
            yield failed(
                "API logs",
                "API Gateway has no role for logs in this region, and the deployment would be refused.",
                "Set ApiAccessLogs=on, which creates one, or off.",
            )
    elif role and f":role/{stack}-ApiLogsRole-" in role:
        yield ok("API logs", f"API Gateway writes logs with the stack's own role, {role}.")
    elif role:
        yield note(
            "API logs",
            f"API Gateway writes the logs of this region with {role}, and ApiAccessLogs=on replaces it: to "
            "keep it, set ApiAccessLogs=on-with-the-accounts-role.",
        )
    else:
        yield ok("API logs", "The deployment creates API Gateway's role for logs.")


def check_principals(iam: Any, parameters: Mapping[str, str], account: str) -> Iterator[Finding]:
    """Check that the uploaders exist: IAM refuses a role that trusts a principal which does not."""
    for arn in filter(None, parameters["UploaderPrincipalArns"].split(",")):
        found = _PRINCIPAL.fullmatch(arn)
        if not found or found["account"] != account:
            continue  # another account's cannot be looked up
        describe = iam.get_role if found["kind"] == "role" else iam.get_user
        name = {"RoleName" if found["kind"] == "role" else "UserName": found["name"]}
        if _exists(lambda describe=describe, name=name: describe(**name)):
            yield ok("uploaders", f"{arn} exists.")
        else:
            yield failed(
                "uploaders",
                f"There is no {arn}, and IAM refuses a role that trusts it.",
                "Correct UploaderPrincipalArns.",
            )


def check_alarms(parameters: Mapping[str, str]) -> Iterator[Finding]:
    """Say whom failures reach."""
    email = parameters["AlarmEmail"]
    if email:
        yield note("alarms", f"AWS sends {email} a message after the deployment, with a link to confirm.")
    else:
        yield note("alarms", "Failures reach nobody: AlarmEmail is empty.")


def check_web_acl(parameters: Mapping[str, str], region: str) -> Iterator[Finding]:
    """Check that the web ACL is in the API's region."""
    arn = parameters["WebAclArn"]
    if arn and arn.split(":")[3] != region:
        yield failed(
            "web ACL", f"{arn} is not in {region}, where the API would be.", "Name a regional web ACL there."
        )
