"""boto3 clients, one of each per container, and the errors of AWS by name."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from retailrec_shared.core.errors import NotAccepted, NotYet, Rejected, Unsettled
from retailrec_shared.core.observability import logger

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.exceptions import ClientError
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient


QUICK_SECONDS = 0.8
# Each service has its own names for these.
THROTTLED = frozenset({
    "ThrottlingException", "Throttling", "ThrottledException", "ProvisionedThroughputExceededException",
    "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
    "LimitExceededException", "ResourceLimitExceeded", "SlowDown", "BandwidthLimitExceeded", "429",
    "EC2ThrottledException", "PriorRequestNotComplete", "TransactionInProgressException",
})  # fmt: skip
UNAVAILABLE = frozenset({
    "InternalServerError", "InternalServerException", "InternalServiceException", "InternalError",
    "InternalFailure", "ServiceUnavailable",
    "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
    "500", "502", "503", "504",
})  # fmt: skip


def _client(service: str, config: "Config") -> Any:
    import boto3  # half of a function's import time: not before it is needed

    return boto3.client(service, config=config)  # type: ignore[call-overload]


def _patient() -> "Config":
    """Adaptive: SageMaker's control plane throttles at a few calls a second."""
    from botocore.config import Config

    return Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=3, read_timeout=20)


def _quick(seconds: float) -> "Config":
    """For requests that somebody waits for: one try, since a fallback can answer instead."""
    from botocore.config import Config

    return Config(
        retries={"total_max_attempts": 1},
        connect_timeout=seconds,
        read_timeout=seconds,
        tcp_keepalive=True,
        max_pool_connections=16,
    )


def _with_deadline() -> "Config":
    """For callers that must respond within a minute."""
    from botocore.config import Config

    return Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=3, read_timeout=8)


@cache
def s3() -> "S3Client":
    """Client of S3."""
    return _client("s3", _patient())  # type: ignore[no-any-return]


@cache
def dynamodb() -> "DynamoDBClient":
    """Client of DynamoDB; quick in a function whose environment says that somebody waits."""
    return _client(  # type: ignore[no-any-return]
        "dynamodb", _quick(QUICK_SECONDS) if os.environ.get("SOMEBODY_WAITS") else _patient()
    )


@cache
def eventbridge() -> "EventBridgeClient":
    """Client of EventBridge."""
    return _client("events", _patient())  # type: ignore[no-any-return]


@cache
def sagemaker() -> "SageMakerClient":
    """Client of SageMaker's control plane."""
    return _client("sagemaker", _patient())  # type: ignore[no-any-return]


def sagemaker_with_deadline() -> "SageMakerClient":
    """Client of SageMaker's control plane that gives up within half a minute."""
    return _client("sagemaker", _with_deadline())  # type: ignore[no-any-return]


def cloudformation_with_deadline() -> Any:
    """Client of CloudFormation that gives up within half a minute."""
    return _client("cloudformation", _with_deadline())


@cache
def sagemaker_runtime(timeout_seconds: float) -> "SageMakerRuntimeClient":
    """Client that invokes endpoints: no retries, since a fallback waits behind it."""
    return _client("sagemaker-runtime", _quick(timeout_seconds))  # type: ignore[no-any-return]


def client_error() -> "type[ClientError]":
    """Return the class of AWS's refusals, for an ``except`` that imports botocore only when it must."""
    from botocore.exceptions import ClientError

    return ClientError


def error_code(error: "ClientError") -> str:
    """Return AWS's name of an error, such as ``ResourceInUse``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: "ClientError") -> str:
    """Return AWS's message of an error."""
    return str(error.response.get("Error", {}).get("Message", ""))


def refusal_of(error: BaseException) -> "ClientError | None":
    """Return AWS's refusal that an error is, or that boto3's S3UploadFailedError hides, if it is one."""
    from boto3.exceptions import S3UploadFailedError

    hidden = error.__context__ if isinstance(error, S3UploadFailedError) else error
    return hidden if isinstance(hidden, client_error()) else None


def is_throttled(error: Exception) -> bool:
    """Return whether AWS refused a call because there were too many, or an account's quota is used up."""
    return isinstance(error, client_error()) and error_code(error) in THROTTLED


def is_passing(error: Exception) -> bool:
    """Return whether an error comes of AWS's present state, so that the same request may succeed later."""
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.exceptions import HTTPClientError

    if isinstance(error, HTTPClientError | NoConnection | ConnectionError | TimeoutError | NotAccepted):
        return True
    refusal = refusal_of(error)
    if refusal is None:
        return False
    status = refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error_code(refusal) in THROTTLED | UNAVAILABLE or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def says_missing(error: "ClientError") -> bool:
    """Return whether SageMaker says that a resource is missing.

    For a tuning job it has a code of its own, for all else the message of a ValidationException.
    """
    said = error_message(error).lower()
    return error_code(error) == "ResourceNotFound" or (
        error_code(error) == "ValidationException"
        and any(words in said for words in ("could not find", "does not exist", "resource not found"))
    )


def says_exists(error: "ClientError") -> bool:
    """Return whether a create was refused because the name is taken: by us, since names are derived."""
    return error_code(error) == "ResourceInUse" or "already exist" in error_message(error).lower()


# How CreateTrainingJob, CreateModel and others say that SageMaker cannot assume a role or read with it.
_ROLE = re.compile(r"assume (the |its )?role|could not access model data|sts:AssumeRole", re.IGNORECASE)


def says_unsettled(error: "ClientError") -> bool:
    """Return whether a refusal may come from something new that AWS does not know everywhere yet.

    IAM's changes take some time to spread:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    SageMaker may miss a config or model that was created just now, and recommends to retry:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    """
    if error_code(error) in {"AccessDeniedException", "AccessDenied"}:
        return True
    refused = error_code(error) == "ValidationException"
    return refused and (says_missing(error) or _ROLE.search(error_message(error)) is not None)


@contextmanager
def creating(what: str) -> Iterator[None]:
    """Create something under a derived name, unless it exists.

    A name that is taken is ours, from an earlier call: nothing to do. Raises NotYet
    when the quota is exceeded (new accounts begin with quotas of 0), Unsettled for a
    refusal that something new explains, and Rejected, with SageMaker's message, for a
    request that it calls invalid.
    """
    try:
        yield
    except client_error() as error:
        if says_exists(error):
            logger.info("resource exists already", what=what)
        elif error_code(error) == "ResourceLimitExceeded":
            raise NotYet(error_message(error)) from error
        elif says_unsettled(error):
            raise Unsettled(f"SageMaker refused the {what}: {error_message(error)}") from error
        elif error_code(error) == "ValidationException":
            raise Rejected(f"SageMaker refused the {what}: {error_message(error)}{_hint(error)}") from error
        else:
            raise


def _hint(error: "ClientError") -> str:
    """Return what to do about a refusal with a cause outside of the stack."""
    if "not subscribed" in error_message(error).lower():
        return " Subscribe to the algorithm on its page in AWS Marketplace; `retailrec doctor` checks it."
    return ""


def delete_unless_busy(delete: Callable[[], object]) -> bool:
    """Delete a resource that may be gone already; return False while SageMaker is still changing it."""
    try:
        delete_if_there(delete)
    except client_error() as error:
        if error_code(error) != "ConflictException":
            raise
        return False
    return True


def delete_if_there(delete: Callable[[], object]) -> None:
    """Delete a SageMaker resource that may be gone already."""
    try:
        delete()
    except client_error() as error:
        if not says_missing(error):
            raise
