"""What a stack leaves in account-wide places: API Gateway's log role, and the jobs' log group."""

from typing import Any

from botocore.exceptions import ClientError

from retailrec.removal.inventory import Client
from retailrec_shared.core import names
from retailrec_shared.core.aws import error_code

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"


def api_log_roles(iam: Any, stack: str) -> list[str]:
    """List the roles that the stack created for access logs; the template retains them."""
    return [
        role["RoleName"]
        for page in iam.get_paginator("list_roles").paginate()
        for role in page["Roles"]
        if role["RoleName"].startswith(f"{stack}-ApiLogsRole-")
    ]


def remove_api_log_role(client: Client, role: str) -> bool:
    """Remove such a role; return False if it stays because other APIs of the account use it."""
    gateway, iam = client("apigateway"), client("iam")
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    if gateway.get_account().get("cloudwatchRoleArn") == arn:
        if gateway.get_rest_apis()["items"]:
            return False
        gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=role)
    return True


def remove_training_logs(logs: Any, stack: str, searches: list[str]) -> None:
    """Remove the logs of the stack's training and tuning jobs, and their group if it has no other logs."""
    prefix = names.resource_prefix(stack)
    of_searches = tuple(f"{name}-" for name in searches)
    others = False
    try:
        for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=TRAINING_LOGS):
            for stream in page["logStreams"]:
                job = stream["logStreamName"].partition("/")[0]
                if names.run_of_resource(prefix, job) or job.startswith(of_searches):
                    logs.delete_log_stream(logGroupName=TRAINING_LOGS, logStreamName=stream["logStreamName"])
                else:
                    others = True
        if not others:
            logs.delete_log_group(logGroupName=TRAINING_LOGS)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
