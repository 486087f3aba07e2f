"""boto3 clients, one of each per container, and the errors of AWS by name."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from retailrec_shared.errors import NotYet, Rejected
from retailrec_shared.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

# Adaptive: SageMaker's control plane throttles at a few calls a second.
_PATIENT = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=3, read_timeout=20)
# For who answers a person: two short attempts, well within API Gateway's 29 seconds.
_QUICK = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=1, read_timeout=2)


@cache
def s3() -> "S3Client":
    """Client of S3."""
    return boto3.client("s3", config=_PATIENT)


@cache
def dynamodb() -> "DynamoDBClient":
    """Client of DynamoDB; quick in a function whose environment says that somebody waits."""
    return boto3.client("dynamodb", config=_QUICK if os.environ.get("SOMEBODY_WAITS") else _PATIENT)


@cache
def eventbridge() -> "EventBridgeClient":
    """Client of EventBridge."""
    return boto3.client("events", config=_PATIENT)


@cache
def sagemaker() -> "SageMakerClient":
    """Client of SageMaker's control plane."""
    return boto3.client("sagemaker", config=_PATIENT)


@cache
def sagemaker_runtime(timeout_seconds: float) -> "SageMakerRuntimeClient":
    """Client that invokes endpoints: no retries, since a fallback waits behind it."""
    quick = Config(
        retries={"total_max_attempts": 1}, connect_timeout=timeout_seconds, read_timeout=timeout_seconds
    )
    return boto3.client("sagemaker-runtime", config=quick)


def error_code(error: ClientError) -> str:
    """Return AWS's name of an error, such as ``ResourceInUse``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: ClientError) -> str:
    """Return AWS's own words of an error."""
    return str(error.response.get("Error", {}).get("Message", ""))


def says_missing(error: ClientError) -> bool:
    """Tell whether SageMaker says that a resource is missing (a ValidationException, told by its words)."""
    return error_code(error) in {"ValidationException", "ResourceNotFound"} and (
        "could not find" in error_message(error).lower() or "does not exist" in error_message(error).lower()
    )


def says_exists(error: ClientError) -> bool:
    """Tell whether a create was refused because the name is taken: by us, since names are derived."""
    return error_code(error) == "ResourceInUse" or "already exist" in error_message(error).lower()


@contextmanager
def creating(what: str) -> Iterator[None]:
    """Create something under a derived name, whoever did it first.

    A name that is taken is ours, from an earlier attempt: nothing to do. A lack of
    quota is NotYet: new accounts begin with quotas of 0. What SageMaker calls
    invalid stays invalid however often it is sent: Rejected, with its own words.
    """
    try:
        yield
    except ClientError as error:
        if says_exists(error):
            logger.info("exists already", what=what)
        elif error_code(error) == "ResourceLimitExceeded":
            raise NotYet(error_message(error)) from error
        elif error_code(error) == "ValidationException":
            raise Rejected(f"SageMaker refused the {what}: {error_message(error)}") from error
        else:
            raise


def delete_if_there(delete: Callable[[], object]) -> None:
    """Delete something of SageMaker's that may be gone already."""
    try:
        delete()
    except ClientError as error:
        if not says_missing(error):
            raise
