"""Endpoint configurations: create, describe, list, delete."""

from typing import TYPE_CHECKING

from local.sagemaker.account import listing
from local.sagemaker.account.operations import Operation
from local.sagemaker.account.records import Document, EndpointConfig
from local.sagemaker.account.tags import tags_of
from local.sagemaker.endpoints import serverless
from local.sagemaker.errors import validation
from local.sagemaker.models import models

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

# What would change how requests are answered, and is not done here.
UNSUPPORTED = ("AsyncInferenceConfig", "ShadowProductionVariants", "ExplainerConfig")


async def create(cloud: "Cloud", request: Document) -> Document:
    """Keep an endpoint configuration; its models must exist."""
    registry, name = cloud.store.endpoint_configs, request["EndpointConfigName"]
    config = EndpointConfig(name=name, arn=registry.arn(name), request=request, tags=tags_of(request))
    for member in UNSUPPORTED:
        if request.get(member):
            raise validation(f"{member} is not supported by the local SageMaker.")
    names = [variant["VariantName"] for variant in config.variants]
    if len(set(names)) < len(names):
        raise validation(f"Production variant names must be unique: {', '.join(names)}")
    for variant in config.variants:
        _check_variant(cloud, variant)
    serverless.check(cloud, config)
    registry.add(config)
    return {"EndpointConfigArn": config.arn}


def _check_variant(cloud: "Cloud", variant: Document) -> None:
    if "ModelName" not in variant:
        raise validation("ModelName is required for a production variant.")
    instances = "InstanceType" in variant or "InitialInstanceCount" in variant
    if ("ServerlessConfig" in variant) == instances:
        raise validation("You must specify exactly one of ServerlessConfig and InstanceType for a variant.")
    if instances and not ("InstanceType" in variant and "InitialInstanceCount" in variant):
        raise validation("InstanceType and InitialInstanceCount must be specified together.")
    variant.setdefault("InitialVariantWeight", 1.0)
    model = cloud.store.models.find(variant["ModelName"])
    if instances:
        models.check_instance(model, variant["InstanceType"], "SupportedRealtimeInferenceInstanceTypes")


async def describe(cloud: "Cloud", request: Document) -> Document:
    """Describe an endpoint configuration."""
    config = cloud.store.endpoint_configs.find(request["EndpointConfigName"])
    return config.request | {"EndpointConfigArn": config.arn, "CreationTime": config.created}


async def list_configs(cloud: "Cloud", request: Document) -> Document:
    """List endpoint configurations."""
    return listing.page(
        cloud.store.endpoint_configs,
        request,
        "EndpointConfigs",
        lambda config: {
            "EndpointConfigName": config.name,
            "EndpointConfigArn": config.arn,
            "CreationTime": config.created,
        },
    )


async def delete(cloud: "Cloud", request: Document) -> Document:
    """Delete an endpoint configuration; endpoints that use it continue to serve."""
    cloud.store.endpoint_configs.remove(request["EndpointConfigName"])
    return {}


NAMED = (("endpoint-config", "EndpointConfigName"),)
OPERATIONS = (
    Operation("CreateEndpointConfig", create, NAMED),
    Operation("DescribeEndpointConfig", describe, NAMED),
    Operation("ListEndpointConfigs", list_configs),
    Operation("DeleteEndpointConfig", delete, NAMED),
)
