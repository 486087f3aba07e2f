"""The resources this service keeps, each with the request that made it."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.sagemaker.fleet import Fleet

Document = dict[str, Any]
ENDED = frozenset({"Completed", "Failed", "Stopped"})


def now() -> datetime:
    """Read the clock, in UTC."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Resource:
    """What every resource has; ``request`` is the create call, as it was validated."""

    name: str
    arn: str
    request: Document
    created: datetime = field(default_factory=now)
    modified: datetime = field(default_factory=now)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Job(Resource):
    """A resource that works once and ends."""

    status: str = "InProgress"
    failure_reason: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def running(self) -> bool:
        """Whether the job still holds its instances."""
        return self.status not in ENDED


@dataclass(kw_only=True)
class TrainingJob(Job):
    """A training job; ``transitions`` are its SecondaryStatusTransitions, oldest first."""

    secondary_status: str = "Starting"
    transitions: list[Document] = field(default_factory=list)
    artifact: str | None = None
    metrics: list[Document] = field(default_factory=list)


@dataclass(kw_only=True)
class TransformJob(Job):
    """A batch transform job."""


@dataclass(kw_only=True)
class Model(Resource):
    """An image, the place of its artifact, and the role that may read it."""

    @property
    def container(self) -> Document:
        """The one container that answers requests."""
        primary: Document = self.request.get("PrimaryContainer") or self.request["Containers"][0]
        return primary


@dataclass(kw_only=True)
class EndpointConfig(Resource):
    """The variants an endpoint should run."""

    @property
    def variants(self) -> list[Document]:
        """Production variants, as requested."""
        variants: list[Document] = self.request["ProductionVariants"]
        return variants


@dataclass(kw_only=True)
class Endpoint(Resource):
    """A name that answers; ``config`` is live or, while creating, on its way; ``pending`` replaces it."""

    config: EndpointConfig
    status: str = "Creating"
    failure_reason: str | None = None
    fleet: "Fleet | None" = None
    pending: EndpointConfig | None = None
    pending_since: datetime | None = None
    generation: int = 0

    @property
    def in_progress(self) -> bool:
        """Whether an operation runs, so that another one is refused."""
        return self.status in {"Creating", "Updating", "RollingBack", "Deleting", "SystemUpdating"}
