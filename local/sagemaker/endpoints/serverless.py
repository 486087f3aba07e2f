"""What Serverless Inference excludes.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html, "Feature exclusions".
AWS does not document which call refuses. Here it is CreateEndpointConfig, and also CreateEndpoint and
UpdateEndpoint, since the model may have been replaced by another one of its name meanwhile.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from local.sagemaker.account.records import EndpointConfig, Model
from local.sagemaker.errors import validation

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud

MEMORY_STEP = 1024


def check(cloud: "Cloud", config: EndpointConfig) -> None:
    """Refuse a serverless configuration with a feature that Serverless Inference excludes."""
    excluded = list(_excluded(cloud, config)) if is_serverless(config) else []
    if excluded:
        raise validation(f"Serverless Inference does not support {', '.join(excluded)}.")


def is_serverless(config: EndpointConfig) -> bool:
    """Return whether an endpoint of this configuration is serverless."""
    return any("ServerlessConfig" in variant for variant in config.variants)


def _excluded(cloud: "Cloud", config: EndpointConfig) -> Iterator[str]:
    request = config.request
    if len(config.variants) > 1:
        yield "multiple production variants"
    if request.get("DataCaptureConfig"):
        yield "data capture"
    if request.get("VpcConfig"):
        yield "VPC configuration"
    if request.get("EnableNetworkIsolation"):
        yield "network isolation"
    for variant in config.variants:
        memory = variant.get("ServerlessConfig", {}).get("MemorySizeInMB", MEMORY_STEP)
        if memory % MEMORY_STEP:
            yield f"a memory of {memory} MB, only steps of 1 GB"
        for model in cloud.store.models:
            if model.name == variant["ModelName"]:
                yield from _of_model(model)


def _of_model(model: Model) -> Iterator[str]:
    if model.of_marketplace:
        yield "AWS Marketplace model packages"
    if model.request.get("EnableNetworkIsolation"):
        yield "network isolation"
    if model.request.get("VpcConfig"):
        yield "VPC configuration"
    if model.container.get("Mode") == "MultiModel":
        yield "multi-model endpoints"
    if model.container.get("ImageConfig", {}).get("RepositoryAccessMode") == "Vpc":
        yield "private Docker registries"
