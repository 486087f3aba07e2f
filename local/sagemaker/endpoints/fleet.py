"""The serving programs behind one endpoint configuration."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.sagemaker.account.records import Document, Endpoint, EndpointConfig, Model
from local.sagemaker.cloudwatch.logs import Stream
from local.sagemaker.endpoints.program import ModelServer, Serving
from local.sagemaker.errors import JobFailed, ServiceError
from local.sagemaker.programs.http_client import Reply

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud


@dataclass(frozen=True)
class Variant:
    """One production variant and its serving program: one, for any instance count."""

    request: Document
    model: Model
    server: ModelServer

    @property
    def name(self) -> str:
        """The variant's name, returned with every response."""
        name: str = self.request["VariantName"]
        return name

    @property
    def weight(self) -> float:
        """Its share of the traffic, relative to the other variants."""
        return float(self.request["InitialVariantWeight"])

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> Reply:
        """Send one request to the program."""
        return await self.server.ask(method, path, headers, body, timeout)

    def describe(self) -> Document:
        """Summarise the variant as DescribeEndpoint does."""
        summary: Document = {
            "VariantName": self.name,
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
            "DeployedImages": [{"SpecifiedImage": self.model.container.get("Image")}],
        }
        if serverless := self.request.get("ServerlessConfig"):
            # A serverless variant has no instances, and is described as having none.
            return summary | {"CurrentServerlessConfig": serverless, "CurrentInstanceCount": 0}
        count = self.request["InitialInstanceCount"]
        return summary | {"CurrentInstanceCount": count, "DesiredInstanceCount": count}


class Fleet:
    """All variants of one configuration, started and stopped together."""

    def __init__(self, variants: list[Variant]) -> None:
        self.variants = variants

    @classmethod
    def of(cls, cloud: "Cloud", endpoint: Endpoint, config: EndpointConfig) -> "Fleet":
        """Prepare the programs of a configuration; ``start`` runs them."""
        return cls([_variant(cloud, endpoint, request) for request in config.variants])

    async def start(self) -> None:
        """Start every variant; when one fails, stop them all and raise its JobFailed."""
        results = await asyncio.gather(
            *(variant.server.start() for variant in self.variants), return_exceptions=True
        )
        problems = [result for result in results if isinstance(result, BaseException)]
        if problems:
            await self.stop()
            raise problems[0]

    async def stop(self, drain: float = 0.0) -> None:
        """Stop every variant; requests in flight get ``drain`` seconds to finish."""
        await asyncio.gather(*(variant.server.stop(drain) for variant in self.variants))

    def describe(self) -> list[Document]:
        """Summarise the variants as DescribeEndpoint does."""
        return [variant.describe() for variant in self.variants]

    def choose(self, target: str | None) -> Variant:
        """Pick the variant that answers: the one asked for, else one by weight."""
        if target is not None:
            for variant in self.variants:
                if variant.name == target:
                    return variant
            raise ServiceError("ValidationError", f"Variant {target} not found.")
        if len(self.variants) == 1:
            return self.variants[0]
        weights = [variant.weight for variant in self.variants]
        return random.choices(self.variants, weights if any(weights) else None)[0]  # noqa: S311 (no secret)


def _variant(cloud: "Cloud", endpoint: Endpoint, request: Document) -> Variant:
    name = request["VariantName"]
    try:
        model = cloud.store.models.find(request["ModelName"])
    except ServiceError as error:
        raise JobFailed(error.message) from error
    home = cloud.settings.folder("endpoint", endpoint.name)
    serving = Serving(
        model=model,
        # The old and the new fleet run at the same time, perhaps with the same variant name.
        folder=home / f"{endpoint.generation}-{name}" / "ml",
        log=home / "log",
        stream=Stream.of_endpoint(endpoint.name, name),
        environment={},
        unhealthy=f"The primary container for production variant {name} did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint.",
    )
    return Variant(request, model, ModelServer(cloud, serving))
