"""The resources of the account, each with the request that created it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Document = dict[str, Any]
ENDED = frozenset({"Completed", "Failed", "Stopped"})


def now() -> datetime:
    """Return the time in UTC, to the millisecond: the precision of the API.

    So a caller who computes durations from the API's times gets the same seconds as DescribeTrainingJob.
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
    """A resource that runs once and ends."""

    status: str = "InProgress"
    failure_reason: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def running(self) -> bool:
        """Whether the job still uses its instances."""
        return self.status not in ENDED


@dataclass(kw_only=True)
class TrainingJob(Job):
    """A training job; ``transitions`` are its SecondaryStatusTransitions, oldest first."""

    secondary_status: str = "Starting"
    transitions: list[Document] = field(default_factory=list)
    artifact: str | None = None
    metrics: list[Document] = field(default_factory=list)
    # Of a training job in a tuning job: the tuning job, hyperparameters, the objective's values, a callback.
    tuning_job: str | None = None
    tuned: dict[str, str] = field(default_factory=dict)
    objective: list[float] = field(default_factory=list)
    watch: Callable[[float], None] | None = None


@dataclass(kw_only=True)
class TuningJob(Job):
    """A hyperparameter tuning job; ``trials`` names its training jobs, in the order of their creation."""

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
        """The metric that the search optimises, and its direction."""
        objective: Document = self.config["HyperParameterTuningJobObjective"]
        return objective


@dataclass(kw_only=True)
class TransformJob(Job):
    """A batch transform job."""


@dataclass(kw_only=True)
class ModelPackage(Resource):
    """A versionless package of an algorithm's artifact, from which models are created."""

    status: str = "Pending"
    failure_reason: str | None = None
    specification: Document = field(default_factory=dict)

    @property
    def in_progress(self) -> bool:
        """Whether the package is still being created."""
        return self.status in {"Pending", "InProgress"}

    @property
    def container(self) -> Document:
        """Image and artifact."""
        (container,) = self.specification["Containers"]
        return dict(container)

    @property
    def details(self) -> Document:
        """ModelPackageStatusDetails: the result of the validation."""
        if self.status != "Failed":
            return {"ValidationStatuses": [], "ImageScanStatuses": []}
        found = {"Name": "ValidateModelData", "Status": "Failed", "FailureReason": self.failure_reason}
        return {"ValidationStatuses": [found], "ImageScanStatuses": []}


@dataclass(kw_only=True)
class Model(Resource):
    """An image, the place of its artifact, and the role that may read it.

    ``package`` is the container of the model package, if there is one; ``offered`` is its inference
    specification.
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
    """An endpoint; ``config`` is live or, while it is created, about to be; ``pending`` will replace it."""

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
