"""Checks of the account's quotas for what the parameters ask for: new accounts begin with 0 or little.

Service Quotas lists the applied value of a quota only where one is set; the others have their default value:
https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from retailrec.client.problems import NOT_ALLOWED
from retailrec.doctor.findings import Finding, failed, ok, unknown
from retailrec_shared.core.aws import error_code
from retailrec_shared.core.marketplace_limits import endpoint_kind
from retailrec_shared.core.settings import Settings

SERVERLESS = "Maximum total concurrency that can be allocated across all serverless endpoints"
PARALLEL = "Maximum number of training jobs each hyper parameter tuning job can run in parallel at once"
_NUMBER_OF_SERVERLESS = re.compile(r"(?i)(?!.*concurrency).*serverless.*endpoint.*")


class Need(NamedTuple):
    """A quota of SageMaker, how much of it a stack needs, and the parameters that say so."""

    quota: str
    number: int
    parameters: str
    always_listed: bool = True


def quotas_needed(settings: Settings) -> Iterator[Need]:
    """Yield what a run and its endpoint need."""
    yield from _of_training(settings)
    yield Need(f"{settings.batch_instance_type} for transform job usage", 1, "BatchInstanceType")
    yield Need("Number of instances across all transform jobs", 1, "a run", always_listed=False)
    if settings.endpoint_mode != "none":
        yield from _of_endpoint(settings)


def _of_training(settings: Settings) -> Iterator[Need]:
    instance = settings.training_instance_type
    if settings.searched:  # each training job of a search is on an instance of its own, never on a spot one
        number = min(settings.tuning_jobs_in_parallel, settings.tuning_jobs_in_total)
        named = "TrainingInstanceType, TuningJobsInParallel"
        yield Need(f"{instance} for training job usage", number, named)
        yield Need("Number of instances across all training jobs", number, named, always_listed=False)
        yield Need(PARALLEL, number, "TuningJobsInParallel", always_listed=False)
    elif settings.training_spot == "on" and not settings.algorithm_arn:
        yield Need(f"{instance} for spot training job usage", 1, "TrainingInstanceType, TrainingSpot")
        yield Need("Number of instances across all spot training jobs", 1, "TrainingSpot", False)
    else:
        yield Need(f"{instance} for training job usage", 1, "TrainingInstanceType")
        yield Need("Number of instances across all training jobs", 1, "a run", always_listed=False)


def _of_endpoint(settings: Settings) -> Iterator[Need]:
    """Yield an endpoint's needs: an update runs the new instances, or concurrency, next to the old ones."""
    if endpoint_kind(settings, settings.algorithm_arn or settings.algorithm_image_uri) == "instance":
        number, named = 2 * settings.endpoint_instance_count, "EndpointInstanceType, EndpointInstanceCount"
        yield Need(f"{settings.endpoint_instance_type} for endpoint usage", number, named)
        yield Need("Number of instances across active endpoints", number, named, always_listed=False)
    else:
        yield Need(SERVERLESS, 2 * settings.endpoint_max_concurrency, "EndpointMaxConcurrency")


def check_quotas(quotas: Any, settings: Settings) -> Iterator[Finding]:
    """Compare the account's quotas with what the parameters need."""
    needed = list(quotas_needed(settings))
    values = _values(quotas, "list_service_quotas")
    may_list_defaults = True
    if any(need.quota not in values for need in needed):
        try:
            values = _values(quotas, "list_aws_default_service_quotas") | values
        except ClientError as error:
            if error_code(error) not in NOT_ALLOWED:
                raise
            may_list_defaults = False
    if settings.endpoint_mode == "serverless" and not settings.algorithm_arn:
        needed += [
            Need(name, 1, "EndpointMode", always_listed=False)
            for name in values
            if _NUMBER_OF_SERVERLESS.fullmatch(name)
        ]
    enough = []
    for need in needed:
        if need.quota in values:
            if values[need.quota] >= need.number:
                enough.append(f"{need.quota} ({values[need.quota]:g})")
            else:
                yield _too_little(need, values[need.quota])
        elif need.always_listed:
            yield _not_listed(need, may_list_defaults)
    if enough:
        yield ok("quotas", f"Enough for these parameters: {', '.join(enough)}.")


def _values(quotas: Any, operation: str) -> dict[str, float]:
    pages = quotas.get_paginator(operation).paginate(ServiceCode="sagemaker")
    return {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}


def _too_little(need: Need, value: float) -> Finding:
    return failed(
        "quotas",
        f"The account's quota {need.quota!r} is {value:g}, and a run needs {need.number} "
        f"({need.parameters}).",
        "Ask for more in the Service Quotas console (runs wait until then), or change the parameters.",
    )


def _not_listed(need: Need, may_list_defaults: bool) -> Finding:
    if not may_list_defaults:
        return unknown(
            "quotas",
            f"{need.quota!r} has no value of this account, and you may not list the default values.",
            "Ask for servicequotas:ListAWSDefaultServiceQuotas.",
        )
    if need.quota == SERVERLESS:
        return unknown("quotas", "SageMaker lists no quota of serverless endpoints in this region.")
    return failed(
        "quotas",
        f"SageMaker has no quota called {need.quota!r} in this region.",
        f"Choose another instance type ({need.parameters}).",
    )
