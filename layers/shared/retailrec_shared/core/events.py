"""The pipeline's own events: public contract, past tense, versioned.

They travel on the stack's own bus with source ``retailrec``. Consumers may rely
on every field here; a field's meaning never changes within a version.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

SOURCE = "retailrec"


class Event(BaseModel):
    """What every event of the pipeline carries."""

    model_config = ConfigDict(frozen=True)
    detail_type: ClassVar[str]

    version: Literal["1"] = "1"
    run_id: str


class DatasetPrepared(Event):
    """A file was cleaned, split and written; training may begin."""

    detail_type = "DatasetPrepared"
    interactions: int
    customers: int
    items: int

    @classmethod
    def of(cls, run_id: str, counts: Mapping[str, int]) -> Self:
        """Make the event from a run's counts."""
        return cls(run_id=run_id, **{name: counts[name] for name in ("interactions", "customers", "items")})


class DatasetRejected(Event):
    """A file could not be used; the model that was live stays live."""

    NEXT_STEP: ClassVar[str] = "Correct the file and drop it again: retailrec drop FILE"

    detail_type = "DatasetRejected"
    stage: str = "prepare"
    reason: str
    next_step: str = NEXT_STEP


class ModelApproved(Event):
    """A model passed the quality gate and exists in SageMaker."""

    detail_type = "ModelApproved"
    model_name: str
    metrics: dict[str, float]


class ModelRejected(Event):
    """A model was trained but is not good enough; the model that was live stays live."""

    NEXT_STEP: ClassVar[str] = (
        "Look at its metrics: retailrec status {run_id} - and if they satisfy you after all: "
        "retailrec approve {run_id}"
    )

    detail_type = "ModelRejected"
    stage: str = "approve"
    reason: str
    metrics: dict[str, float]
    next_step: str


class RecommendationsPublished(Event):
    """Every customer's recommendations are in the serving table and in Parquet."""

    detail_type = "RecommendationsPublished"
    customers: int
    recommendations: int


class EndpointLive(Event):
    """A run serves the API from now on; ``replaced`` is the run that served before."""

    detail_type = "EndpointLive"
    replaced: str | None = None


class RunFailed(Event):
    """A stage failed and is not repeated; the model that was live stays live."""

    detail_type = "RunFailed"
    stage: str
    reason: str
    next_step: str


ALL: tuple[type[Event], ...] = (
    DatasetPrepared, DatasetRejected, ModelApproved, ModelRejected,
    RecommendationsPublished, EndpointLive, RunFailed,
)  # fmt: skip
