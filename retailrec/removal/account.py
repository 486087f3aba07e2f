"""What a stack leaves in account-wide places: API Gateway's log role, and the logs of SageMaker's jobs."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from retailrec.removal.identity import Client, Identity
from retailrec.removal.owned import is_the_stacks
from retailrec_shared.core import names
from retailrec_shared.core.aws import error_code

TRAINING_LOGS, TRANSFORM_LOGS = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs"


def remove_api_log_role(client: Client, role: str) -> bool:
    """Remove such a role; return False if it stays because other APIs of the account use it."""
    gateway, iam = client("apigateway"), client("iam")
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    if gateway.get_account().get("cloudwatchRoleArn") == arn:
        # APIs of either kind, REST and WebSocket, write their logs with it.
        if gateway.get_rest_apis()["items"] or client("apigatewayv2").get_apis()["Items"]:
            return False
        gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=role)
    return True


def remove_job_logs(client: Client, identity: Identity, searches: list[str]) -> None:
    """Remove the logs of the stack's jobs; their groups are SageMaker's, for all jobs, and stay."""
    logs = client("logs")
    for group, kind in ((TRAINING_LOGS, "training-job"), (TRANSFORM_LOGS, "transform-job")):
        for stream in list(_streams_of_jobs(logs, client("sagemaker"), identity, group, kind)):
            logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    for search in searches:
        for stream in list(_streams(logs, TRAINING_LOGS, f"{search}-")):
            logs.delete_log_stream(logGroupName=TRAINING_LOGS, logStreamName=stream)


def _streams_of_jobs(logs: Any, sagemaker: Any, identity: Identity, group: str, kind: str) -> Iterator[str]:
    """Yield the streams, called JOB/INSTANCE, of jobs with the stack's tag."""
    prefix = names.resource_prefix(identity.name)

    @cache
    def is_ours(job: str) -> bool:
        return names.run_of_resource(prefix, job) is not None and is_the_stacks(
            sagemaker, identity.sagemaker_arn(kind, job), identity.name
        )

    for stream in _streams(logs, group, prefix):
        if is_ours(stream.partition("/")[0]):
            yield stream


def _streams(logs: Any, group: str, prefix: str) -> Iterator[str]:
    try:
        pages = logs.get_paginator("describe_log_streams")
        for page in pages.paginate(logGroupName=group, logStreamNamePrefix=prefix):
            yield from (stream["logStreamName"] for stream in page["logStreams"])
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
