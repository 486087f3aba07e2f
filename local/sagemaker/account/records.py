"""The resources this service keeps, each with the request that made it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]
ENDED = frozenset({"Completed", "Failed", "Stopped"})


def now() -> datetime:
    """Read the clock, in UTC, to the millisecond: as exactly as times are told.

    So whoever reckons with told times comes to the same seconds as DescribeTrainingJob.
    """
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


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
    # Of a tuning job's training job: whose, with what, how it does, and who is told of that.
    tuning_job: str | None = None
    tuned: dict[str, str] = field(default_factory=dict)
    objective: list[float] = field(default_factory=list)
    watch: Callable[[float], None] | None = None


@dataclass(kw_only=True)
class TuningJob(Job):
    """A hyperparameter tuning job; ``trials`` names its training jobs, in the order in which they began."""

    trials: list[str] = field(default_factory=list)

    @property
    def config(self) -> Document:
        """How to search."""
        config: Document = self.request["HyperParameterTuningJobConfig"]
        return config

    @property
    def definition(self) -> Document:
        """What all its training jobs have in common."""
        definition: Document = self.request["TrainingJobDefinition"]
        return definition

    @property
    def objective(self) -> Document:
        """The metric that the search is about, and whether more or less of it is better."""
        objective: Document = self.config["HyperParameterTuningJobObjective"]
        return objective


@dataclass(kw_only=True)
class TransformJob(Job):
    """A batch transform job."""


@dataclass(kw_only=True)
class ModelPackage(Resource):
    """What an algorithm's artifact becomes before a model can be made of it."""

    status: str = "Pending"
    failure_reason: str | None = None
    specification: Document = field(default_factory=dict)

    @property
    def in_progress(self) -> bool:
        """Whether the package is in the making."""
        return self.status in {"Pending", "InProgress"}

    @property
    def container(self) -> Document:
        """Image and artifact."""
        (container,) = self.specification["Containers"]
        return dict(container)

    @property
    def details(self) -> Document:
        """ModelPackageStatusDetails: what the validation came to."""
        if self.status != "Failed":
            return {"ValidationStatuses": [], "ImageScanStatuses": []}
        found = {"Name": "ValidateModelData", "Status": "Failed", "FailureReason": self.failure_reason}
        return {"ValidationStatuses": [found], "ImageScanStatuses": []}


@dataclass(kw_only=True)
class Model(Resource):
    """An image, the place of its artifact, and the role that may read it.

    ``package`` is what a model package named as both, and ``offered`` what its models run on.
    """

    package: Document | None = None
    offered: Document | None = None

    @property
    def of_marketplace(self) -> bool:
        """Whether a Marketplace product answers requests."""
        return bool(self.package and self.package.get("ProductId"))

    @property
    def container(self) -> Document:
        """The one container that answers requests."""
        if self.package:
            return self.package
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
    pending: EndpointConfig | None = None
    pending_since: datetime | None = None
    generation: int = 0

    @property
    def in_progress(self) -> bool:
        """Whether an operation runs, so that another one is refused."""
        return self.status in {"Creating", "Updating", "RollingBack", "Deleting", "SystemUpdating"}
