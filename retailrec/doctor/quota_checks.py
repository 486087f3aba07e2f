"""Checks of the account's quotas for a run's instances. New accounts begin with quotas of 0."""

from collections.abc import Iterator
from typing import Any

from retailrec.doctor.findings import Finding, failed, note, ok
from retailrec_shared.core.marketplace_limits import endpoint_kind
from retailrec_shared.core.settings import Settings

SERVERLESS = "Maximum total concurrency that can be allocated across all serverless endpoints"


def quotas_needed(settings: Settings) -> Iterator[tuple[str, int]]:
    """Yield SageMaker's names of the quotas that a run needs, and how many instances of each."""
    yield f"{settings.training_instance_type} for training job usage", 1
    yield f"{settings.batch_instance_type} for transform job usage", 1
    algorithm = settings.algorithm_arn or settings.algorithm_image_uri
    if settings.endpoint_mode == "none":
        return
    # An update runs the new instances next to the old ones.
    if endpoint_kind(settings, algorithm) == "instance":
        yield f"{settings.endpoint_instance_type} for endpoint usage", 2 * settings.endpoint_instance_count
    else:
        yield SERVERLESS, 2 * settings.endpoint_max_concurrency


def check_quotas(quotas: Any, settings: Settings) -> Iterator[Finding]:
    """Compare the account's quotas with what a run needs."""
    needed = dict(quotas_needed(settings))
    for page in quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"):
        for each in page["Quotas"]:
            wanted = needed.pop(each["QuotaName"], 0)
            if each["Value"] < wanted:
                yield failed(
                    "quotas",
                    f"The account's quota {each['QuotaName']!r} is {each['Value']:g}, and a run needs "
                    f"{wanted}: ask for more in the Service Quotas console (runs wait until then), or choose "
                    "another instance type.",
                )
    if needed.pop(SERVERLESS, 0):
        yield note("quotas", "SageMaker lists no quota of serverless endpoints in this region.")
    if needed:
        yield failed(
            "quotas",
            f"SageMaker has no quota called {', '.join(map(repr, needed))} in this region: choose another "
            "instance type.",
        )
    else:
        yield ok("quotas", f"Requested: {', '.join(dict(quotas_needed(settings)))}.")
