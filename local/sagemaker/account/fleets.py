"""What serves an endpoint, as the account sees it; endpoints/fleet.py implements it."""

from collections.abc import Mapping
from typing import Protocol

from local.sagemaker.account.records import Document
from local.sagemaker.programs.http_client import Reply


class ServingVariant(Protocol):
    """A production variant that answers requests."""

    @property
    def name(self) -> str:
        """The variant's name, returned with every response."""

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> Reply:
        """Send one request; failures on the way become a 500 or 503 reply."""


class ServingFleet(Protocol):
    """The variants of one endpoint configuration."""

    def describe(self) -> list[Document]:
        """Summarise the variants as DescribeEndpoint does."""

    def choose(self, target: str | None) -> ServingVariant:
        """Pick the variant that answers a request."""

    async def stop(self, drain: float = 0.0) -> None:
        """Stop every variant; requests in flight get ``drain`` seconds to finish."""
