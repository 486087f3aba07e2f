"""The removal: first the invocations are stopped, then SageMaker's resources go, then the stack.

The order matters. A function that is invoked meanwhile would create a deleted endpoint again. And SageMaker
needs the stack's role to release an endpoint's resources: the role must outlive it.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from retailrec.client.problems import Problem
from retailrec.removal import account, buckets
from retailrec.removal.identity import Client, Identity, describe
from retailrec.removal.inventory import Found, find, find_in_sagemaker
from retailrec_shared.core.aws import error_code, error_message, says_missing

Say = Callable[[str], None]
PATIENCE_SECONDS = 1800.0


def remove(
    identity: Identity, found: Found, client: Client, data: bool, say: Say, pause: float = 5.0
) -> Found:
    """Remove all that was found, and what has appeared since; return what is left then.

    Without ``data``, the buckets and their content are kept. Raises Problem if something cannot be removed.
    """
    say("Disabling the rules that invoke functions")
    _disable(found, client("events"))
    say("Removing endpoint, endpoint configs, models and running jobs from SageMaker")
    _remove_from_sagemaker(found, client, pause)
    # An invocation in progress may have created something since the search.
    _remove_from_sagemaker(find_in_sagemaker(identity, client), client, pause)
    if identity.id:
        say("Deleting the stack (some minutes on AWS)")
        _delete_stack(identity.name, identity.id, client("cloudformation"), pause)
    say("Looking for what is left")
    left = find(identity, client, deleted=True)
    _remove_from_sagemaker(left, client, pause)
    for name in left.buckets if data else []:
        say(f"Emptying and deleting {name}")
        buckets.delete(client("s3"), name, identity.account)
    for group in {*found.log_groups, *left.log_groups}:
        _unless_gone(partial(client("logs").delete_log_group, logGroupName=group))
    account.remove_job_logs(client, identity, found.searches)
    for role in left.roles:
        if not account.remove_api_log_role(client, role):
            say(f"The role {role} is kept: other APIs of this account use it for their logs")
    return replace(left, buckets=[] if data else left.buckets)


def _disable(found: Found, events: Any) -> None:
    for name, bus in found.rules:
        _unless_gone(partial(events.disable_rule, Name=name, EventBusName=bus))


def _remove_from_sagemaker(found: Found, client: Client, pause: float) -> None:
    sagemaker = client("sagemaker")
    for name in found.training_jobs:
        _unless_gone(partial(sagemaker.stop_training_job, TrainingJobName=name))
    for name in found.tuning_jobs:
        _unless_gone(partial(sagemaker.stop_hyper_parameter_tuning_job, HyperParameterTuningJobName=name))
    for name in found.transform_jobs:
        _unless_gone(partial(sagemaker.stop_transform_job, TransformJobName=name))
    for name in found.endpoints:
        _delete_endpoint(sagemaker, name, pause)
    for name in found.endpoint_configs:
        _unless_gone(partial(sagemaker.delete_endpoint_config, EndpointConfigName=name))
    for name in found.models:
        _unless_gone(partial(sagemaker.delete_model, ModelName=name))
    for name in found.model_packages:
        _delete_package(sagemaker, name, pause)


def _delete_package(sagemaker: Any, name: str, pause: float) -> None:
    """Delete a model package; wait first for one that is being created."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            _unless_gone(partial(sagemaker.delete_model_package, ModelPackageName=name))
        except ClientError as error:
            if error_code(error) != "ConflictException":
                raise
            time.sleep(pause)
        else:
            return
    raise Problem(
        f"The model package {name} is not deleted: look at it in the SageMaker console, and try again."
    )


def _delete_endpoint(sagemaker: Any, name: str, pause: float) -> None:
    """Delete the endpoint and wait until it is gone; wait first for an update in progress."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
            if status in {"InService", "Failed", "OutOfService", "UpdateRollbackFailed"}:
                sagemaker.delete_endpoint(EndpointName=name)
        except ClientError as error:
            if says_missing(error):
                return
            if "in-progress" not in error_message(error):
                raise
        if time.monotonic() > deadline:
            raise Problem(
                f"The endpoint {name} is not deleted: look at it in the SageMaker console, and try again."
            )
        time.sleep(pause)


def _delete_stack(stack: str, stack_id: str, cloudformation: Any, pause: float) -> None:
    """Delete the stack by its id and wait until it is gone; the template retains its buckets."""
    cloudformation.delete_stack(StackName=stack_id)
    if not _gone(cloudformation, stack, stack_id, pause):
        failed = ", ".join(_failed(cloudformation, stack_id)) or stack
        raise Problem(f"CloudFormation could not delete {failed}. Remove the reason, then try again.")


def _gone(cloudformation: Any, stack: str, stack_id: str, pause: float) -> bool:
    """Wait for the end of a deletion; false when it failed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        described = describe(cloudformation, stack_id)
        if described is None or described["StackStatus"] == "DELETE_COMPLETE":
            return True
        if described["StackStatus"] == "DELETE_FAILED":
            return False
        time.sleep(pause)
    raise Problem(
        f"Deleting the stack {stack} takes very long: the CloudFormation console shows what it waits for."
    )


def _failed(cloudformation: Any, stack: str) -> list[str]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        f"{each['LogicalResourceId']} ({each.get('ResourceStatusReason', 'no reason given').rstrip('.')})"
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceStatus"] == "DELETE_FAILED"
    ]


def _unless_gone(act: Callable[[], object]) -> None:
    """Call AWS for a resource, unless it is already gone or has ended."""
    try:
        act()
    except ClientError as error:
        gone = error_code(error) in {"ResourceNotFoundException", "ResourceNotFound"}
        ended = error_code(error) == "ValidationException" and "status" in error_message(error).lower()
        if not (gone or ended or says_missing(error)):
            raise
