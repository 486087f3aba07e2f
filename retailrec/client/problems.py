"""Errors that users can fix themselves, as a sentence instead of a traceback."""

from collections.abc import Mapping
from typing import Any

NOT_ALLOWED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
NOT_KNOWN = {
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
NO_REGION = "No AWS region is chosen: give --region, or set AWS_REGION, or a region in your AWS profile."


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

    credentials = _explain_credentials(error)
    if credentials:
        return credentials
    if isinstance(error, aws.NoRegionError):
        return NO_REGION
    if isinstance(error, aws.InvalidRegionError):
        return f"{error.kwargs['region_name']!r} is not the name of an AWS region: write one as us-east-1."
    if isinstance(error, aws.EndpointConnectionError):
        return (
            f"AWS does not answer ({error}): check the network and the region, and for the local cloud "
            "`retailrec up`."
        )
    if isinstance(error, aws.ConnectionError | aws.HTTPClientError):
        return f"AWS does not answer ({error}): check the network, and for the local cloud `retailrec up`."
    if isinstance(error, aws.ClientError):
        return _explain_refusal(error.operation_name, error.response.get("Error", {}))
    if isinstance(error, aws.BotoCoreError | Boto3Error):
        return f"AWS could not be called: {error}."
    return None


def _explain_credentials(error: Exception) -> str | None:
    from botocore import exceptions as aws

    from retailrec.client import place

    profile = place.profile()
    of_profile = f" of the profile {profile}" if profile else ""
    option = f" --profile {profile}" if profile else ""
    if isinstance(error, aws.ProfileNotFound):
        return (
            f"There is no AWS profile {error.kwargs['profile']!r}: `aws configure list-profiles` lists those "
            "that there are."
        )
    if isinstance(error, aws.SSOError | aws.TokenRetrievalError):
        return f"The AWS sign-in{of_profile} has expired, or was not made: run `aws sso login{option}`."
    if isinstance(error, aws.LoginError):
        return f"The AWS sign-in{of_profile} has expired, or was not made: run `aws login{option}`."
    if isinstance(error, aws.CredentialRetrievalError):
        return f"The AWS credentials{of_profile} could not be read ({error}): correct the profile."
    if isinstance(error, aws.PartialCredentialsError):
        return f"The AWS credentials{of_profile} are not complete ({error}): set the rest."
    if isinstance(error, aws.NoCredentialsError | aws.NoAuthTokenError):
        return (
            f"No AWS credentials were found{' in the profile ' + profile if profile else ''}: run "
            f"`aws configure{option}` or `aws sso login{option}`, or leave --stack out for the local cloud."
        )
    return None


def _explain_refusal(operation: str, error: Mapping[str, Any]) -> str:
    message = error.get("Message", "").rstrip(".")
    code = error.get("Code")
    if code in EXPIRED:
        return (
            f"Your AWS credentials have expired ({message}): renew them, for example by `aws sso login`, or "
            "unset AWS_SESSION_TOKEN and the keys that belong to it."
        )
    if code in NOT_KNOWN:
        return (
            f"AWS does not know your credentials ({message}): check the access key and its secret, and that "
            "the region is enabled for the account."
        )
    if code in NOT_ALLOWED:
        return f"AWS refused {operation} to your credentials ({message}): ask for the permission."
    return f"AWS refused {operation}: {message or code}."
