"""A run, as the ledger keeps it."""

from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from retailrec_shared.status import RunStatus, Stage


def now() -> str:
    """Return the present time as the ledger writes it: ISO 8601, UTC, milliseconds; sorts as text."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """Write a moment as the ledger does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StageRecord(BaseModel):
    """When a stage of a run started and ended, and what it waits for, if it does."""

    model_config = ConfigDict(frozen=True)

    started_at: str | None = None
    ended_at: str | None = None
    waiting: str | None = None

    @property
    def seconds(self) -> float | None:
        """How long the stage took, or ``None`` while it has not ended."""
        if not self.started_at or not self.ended_at:
            return None
        return (
            datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)
        ).total_seconds()


class Upload(BaseModel):
    """The dropped file that a run was made for."""

    model_config = ConfigDict(frozen=True)

    bucket: str
    key: str
    etag: str
    size: int
    uploaded_at: str
    sequencer: str = ""
    version_id: str | None = None

    @property
    def order(self) -> str:
        """Rank among all uploads, as text: a later upload compares greater.

        The sequencer decides between drops of one key within a second; S3 documents
        to pad the shorter one with zeros on its right. Between different keys it
        means nothing, and is only as good as any tie-break.
        """
        return f"{self.uploaded_at}#{self.sequencer.ljust(32, '0')}"


class Run(BaseModel):
    """One run of the pipeline over one upload."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    upload: Upload
    configuration: dict[str, str]
    status: RunStatus = RunStatus.PREPARING
    status_at: str = Field(default_factory=now)
    stages: dict[Stage, StageRecord] = Field(
        default_factory=lambda: {stage: StageRecord() for stage in Stage}
    )
    counts: dict[str, int] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)
    reason: str | None = None
    next_step: str | None = None
    failed_stage: Stage | None = None
    announced: RunStatus | None = None
    replaced: str | None = None
    attempts: int = 1
    retired: bool = False
    cleaned: bool = False

    @property
    def order(self) -> str:
        """Rank among all runs: by upload, then by run id, so that no two runs tie."""
        return f"{self.upload.order}#{self.run_id}"

    def ended(self, stage: Stage) -> bool:
        """Tell whether a stage has ended."""
        return self.stages[stage].ended_at is not None

    def started(self, stage: Stage) -> bool:
        """Tell whether a stage has started."""
        return self.stages[stage].started_at is not None

    @property
    def algorithm(self) -> str:
        """The Marketplace algorithm's ARN, or the URI of our own image."""
        return self.configuration["algorithm"]

    @property
    def of_marketplace(self) -> bool:
        """Tell whether a Marketplace algorithm trains this run."""
        return self.algorithm.startswith("arn:")

    @classmethod
    def load(cls, item: dict[str, Any]) -> Self:
        """Read a run from its ledger item."""
        return cls.model_validate(item["run"] | {"status": item["status"]})
