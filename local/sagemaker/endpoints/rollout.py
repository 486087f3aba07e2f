"""Takes an endpoint from one fleet to the next."""

import logging
from typing import TYPE_CHECKING

from local.sagemaker.account import state_changes
from local.sagemaker.account.records import Document, Endpoint, EndpointConfig, now
from local.sagemaker.endpoints.fleet import Fleet
from local.sagemaker.errors import INTERNAL_ERROR, JobFailed

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

logger = logging.getLogger(__name__)


def enter(cloud: "Cloud", endpoint: Endpoint, status: str) -> None:
    """Move an endpoint to a status, save it, and emit its event."""
    endpoint.status = status
    endpoint.modified = now()
    cloud.changed()
    cloud.events.emit(state_changes.endpoint(endpoint, describe_variants(cloud, endpoint)))


def describe_variants(cloud: "Cloud", endpoint: Endpoint) -> list[Document]:
    """Describe the variants that answer at present."""
    fleet = cloud.fleets.get(endpoint.name)
    return fleet.describe() if fleet else []


async def first(cloud: "Cloud", endpoint: Endpoint) -> None:
    """Start a new endpoint; it ends InService or Failed."""
    try:
        cloud.fleets[endpoint.name] = await _started(cloud, endpoint, endpoint.config)
    except JobFailed as failure:
        endpoint.failure_reason = failure.reason
        enter(cloud, endpoint, "Failed")
    else:
        enter(cloud, endpoint, "InService")


async def replace(cloud: "Cloud", endpoint: Endpoint, config: EndpointConfig) -> None:
    """Blue-green: the new fleet answers /ping before it gets traffic, the old one drains before it stops.

    If the new fleet does not start, the old one stays in service, with a FailureReason.
    """
    endpoint.failure_reason = None
    try:
        fleet = await _started(cloud, endpoint, config)
    except JobFailed as failure:
        endpoint.failure_reason = failure.reason
        endpoint.pending = None
        rollback_fails = isinstance(failure, _RollbackFails)
        enter(cloud, endpoint, "UpdateRollbackFailed" if rollback_fails else "InService")
        return
    old = cloud.fleets.get(endpoint.name)
    cloud.fleets[endpoint.name] = fleet
    if old:
        await old.stop(drain=cloud.settings.invocation_timeout)
    endpoint.config, endpoint.pending = config, None
    enter(cloud, endpoint, "InService")


async def remove(cloud: "Cloud", endpoint: Endpoint) -> None:
    """Stop an endpoint's programs and delete it."""
    old = cloud.fleets.pop(endpoint.name, None)
    if old:
        await old.stop(drain=cloud.settings.invocation_timeout)
    cloud.store.endpoints.remove(endpoint.name)
    cloud.changed()


class _RollbackFails(JobFailed):
    """A failed update whose rollback fails too, by a fault."""


async def _started(cloud: "Cloud", endpoint: Endpoint, config: EndpointConfig) -> Fleet:
    await cloud.faults.hold("endpoint")
    fault = cloud.faults.failure("endpoint")
    if fault:
        raise (_RollbackFails if fault.rollback_fails else JobFailed)(fault.reason)
    endpoint.generation += 1
    try:
        fleet = Fleet.of(cloud, endpoint, config)
        await fleet.start()
    except JobFailed:
        raise
    except Exception as error:  # the endpoint's own process boundary: nobody awaits this task
        logger.exception("Unexpected error in endpoint %s", endpoint.name)
        raise JobFailed(INTERNAL_ERROR) from error
    return fleet
