"""Endpoints: create, describe, list, update, delete."""

from typing import TYPE_CHECKING

from local.sagemaker.account import listing, quotas
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document, Endpoint, now
from local.sagemaker.account.tags import tags_of
from local.sagemaker.endpoints import rollout, serverless
from local.sagemaker.errors import validation

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud


async def create(cloud: "Cloud", request: Document) -> Document:
    """Start an endpoint."""
    registry, name = cloud.store.endpoints, request["EndpointName"]
    registry.check_free(name)
    config = cloud.store.endpoint_configs.find(request["EndpointConfigName"])
    serverless.check(cloud, config)
    cloud.quotas.check("endpoint", quotas.instances_of_config(config))
    endpoint = Endpoint(
        name=name, arn=registry.arn(name), request=request, tags=tags_of(request), config=config
    )
    registry.add(endpoint)
    rollout.enter(cloud, endpoint, "Creating")
    cloud.start(rollout.first(cloud, endpoint))
    return {"EndpointArn": endpoint.arn}


async def update(cloud: "Cloud", request: Document) -> Document:
    """Replace what an endpoint serves; no request fails meanwhile."""
    endpoint = _idle(cloud, request["EndpointName"])
    config = cloud.store.endpoint_configs.find(request["EndpointConfigName"])
    if endpoint.status == "Failed":
        raise validation(f'Cannot update endpoint "{endpoint.arn}" that is in status Failed.')
    if serverless.is_serverless(config) and not serverless.is_serverless(endpoint.config):
        raise validation(
            f'Cannot update endpoint "{endpoint.arn}": an endpoint on instances cannot become serverless.'
        )
    serverless.check(cloud, config)
    cloud.quotas.check("endpoint", quotas.instances_of_config(config))
    endpoint.pending, endpoint.pending_since = config, now()
    rollout.enter(cloud, endpoint, "Updating")
    cloud.start(rollout.replace(cloud, endpoint, config))
    return {"EndpointArn": endpoint.arn}


async def delete(cloud: "Cloud", request: Document) -> Document:
    """Stop an endpoint and forget it."""
    endpoint = _idle(cloud, request["EndpointName"])
    rollout.enter(cloud, endpoint, "Deleting")
    cloud.start(rollout.remove(cloud, endpoint))
    return {}


def _idle(cloud: "Cloud", name: str) -> Endpoint:
    endpoint = cloud.store.endpoints.find(name)
    if endpoint.in_progress:
        raise validation(f'Cannot update in-progress endpoint "{endpoint.arn}".')
    return endpoint


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe an endpoint; while it updates, the old configuration is named along with the pending one."""
    endpoint = cloud.store.endpoints.find(request["EndpointName"])
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config.name,
        "ProductionVariants": rollout.describe_variants(cloud, endpoint) or None,
        "EndpointStatus": endpoint.status,
        "FailureReason": endpoint.failure_reason,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "PendingDeploymentSummary": endpoint.pending
        and {"EndpointConfigName": endpoint.pending.name, "StartTime": endpoint.pending_since},
    }


async def list_endpoints(cloud: "Cloud", request: Document) -> Document:
    """List endpoints."""
    return listing.page(
        cloud.store.endpoints,
        request,
        "Endpoints",
        lambda endpoint: {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "CreationTime": endpoint.created,
            "LastModifiedTime": endpoint.modified,
            "EndpointStatus": endpoint.status,
        },
    )


NAMED = (("endpoint", "EndpointName"),)
# SageMaker wants the right on the endpoint and on the configuration.
WITH_CONFIG = (*NAMED, ("endpoint-config", "EndpointConfigName"))
OPERATIONS = (
    Operation("CreateEndpoint", create, WITH_CONFIG),
    Operation("DescribeEndpoint", describe, NAMED),
    Operation("ListEndpoints", list_endpoints),
    Operation("UpdateEndpoint", update, WITH_CONFIG),
    Operation("DeleteEndpoint", delete, NAMED),
)
