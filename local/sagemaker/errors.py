"""The refusals of the service, spelled as SageMaker spells them.

Wordings come from what callers of the real service report: the not-found and
in-progress messages are those that the public Kubernetes operators of
SageMaker match on.
"""

from typing import Any

MAX_FAILURE_REASON = 1024
INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."


class ServiceError(Exception):
    """A refusal that travels to the caller: error code, HTTP status, message, further members."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class JobFailed(Exception):
    """The end of a job or endpoint; the message becomes its FailureReason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason[:MAX_FAILURE_REASON])
        self.reason = reason[:MAX_FAILURE_REASON]


class JobStopped(Exception):
    """Somebody asked this job to stop, and it did."""


def validation(message: str) -> ServiceError:
    """Refuse a request that breaks a rule."""
    return ServiceError("ValidationException", message)


def not_found(noun: str, arn: str) -> ServiceError:
    """Refuse to look at a model, endpoint configuration or endpoint that is not there."""
    return validation(f'Could not find {noun} "{arn}".')


def already_existing(noun: str, arn: str) -> ServiceError:
    """Refuse a second model, endpoint configuration or endpoint of one name."""
    return validation(f'Cannot create already existing {noun} "{arn}".')


def job_name_taken(arn: str) -> ServiceError:
    """Refuse a job name that was used before; jobs are never deleted, so it is spent for ever."""
    return ServiceError(
        "ResourceInUse",
        "Job name must be unique within an AWS account and region, and a job with this name already exists "
        f"({arn})",
    )


def tuning_job_missing(name: str) -> ServiceError:
    """Refuse to look at a tuning job that is not there."""
    return ServiceError("ResourceNotFound", f"Amazon SageMaker can't find a tuning job with the name {name}.")


def tuning_job_name_taken(arn: str) -> ServiceError:
    """Refuse a tuning job's name that was used before."""
    return ServiceError(
        "ResourceInUse",
        "Hyperparameter tuning job names must be unique within an AWS account and region, and a "
        f"hyperparameter tuning job with this name already exists ({arn})",
    )


def limit_exceeded(limit: str, allowed: int, in_use: int, wanted: int) -> ServiceError:
    """Refuse to use more instances than the account's quota allows."""
    return ServiceError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{limit}' is {allowed} Instances, with current utilization of "
        f"{in_use} Instances and a request delta of {wanted} Instances. Please use AWS Service Quotas to "
        "request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to "
        "request an increase for this quota.",
    )


def unknown_caller() -> ServiceError:
    """Refuse a caller whose user or role is gone."""
    return ServiceError(
        "UnrecognizedClientException", "The security token included in the request is invalid.", 403
    )


def access_denied(principal: str, action: str, resource: str, because: str) -> ServiceError:
    """Refuse a caller whose policies do not allow the action; ``because`` ends AWS's sentence."""
    return ServiceError("AccessDeniedException", denial(principal, action, resource, because))


def denial(principal: str, action: str, resource: str, because: str) -> str:
    """Word a denial as IAM does."""
    return f"User: {principal} is not authorized to perform: {action} on resource: {resource} {because}"
