"""Errors that users can fix themselves, as a sentence instead of a traceback."""

from collections.abc import Mapping
from typing import Any

CREDENTIALS_REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class Problem(Exception):
    """A problem; the message is one sentence that says what to do."""


def explain(error: Exception) -> str:
    """Explain an error in a sentence; an unexpected one is an error of this program."""
    if isinstance(error, Problem):
        return str(error)
    return (
        _explain_local_cloud(error)
        or _explain_aws(error)
        or _explain_file(error)
        or f"This is an error of retailrec itself ({type(error).__name__}: {error}): "
        "run `retailrec --debug …` for its traceback."
    )


def _explain_local_cloud(error: Exception) -> str | None:
    from local.cloud.errors import CloudError

    return str(error) if isinstance(error, CloudError) else None


def _explain_file(error: Exception) -> str | None:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return None


def _explain_aws(error: Exception) -> str | None:
    from boto3.exceptions import Boto3Error
    from botocore import exceptions as aws

    if isinstance(error, aws.NoCredentialsError | aws.PartialCredentialsError | aws.CredentialRetrievalError):
        return (
            "No AWS credentials were found: run `aws configure` or `aws sso login`, "
            "or leave --stack out to use the local cloud."
        )
    if isinstance(error, aws.NoRegionError):
        return "No AWS region is chosen: set AWS_REGION, or a region in your AWS profile."
    if isinstance(error, aws.ConnectionError | aws.HTTPClientError):
        return f"AWS does not answer ({error}): check the network, and for the local cloud `retailrec up`."
    if isinstance(error, aws.ClientError):
        return _explain_refusal(error.operation_name, error.response.get("Error", {}))
    if isinstance(error, aws.BotoCoreError | Boto3Error):
        return f"AWS could not be called: {error}."
    return None


def _explain_refusal(operation: str, error: Mapping[str, Any]) -> str:
    message = error.get("Message", "").rstrip(".")
    if error.get("Code") in CREDENTIALS_REFUSED:
        return (
            f"AWS refused {operation} to your credentials ({message}): renew them, or ask for the permission."
        )
    return f"AWS refused {operation}: {message or error.get('Code')}."
