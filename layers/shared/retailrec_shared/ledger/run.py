"""A run, as the ledger keeps it."""

from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from retailrec_shared.core import names
from retailrec_shared.core.marketplace_limits import is_of_marketplace, not_available
from retailrec_shared.core.settings import HYPERPARAMETERS
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.core.tuning_ranges import MARKETPLACE, Searched, searched

SEQUENCER_LENGTH = 32


def now() -> str:
    """Return the present time as the ledger writes it: ISO 8601, UTC, milliseconds; sorts as text."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """Write a moment as the ledger does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StageRecord(BaseModel):
    """When a stage of a run started and ended, what it waits for, if it does, and which attempt it is."""

    model_config = ConfigDict(frozen=True)

    started_at: str | None = None
    ended_at: str | None = None
    waiting: str | None = None
    attempt: int = 1

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
        return f"{self.uploaded_at}#{self.sequencer.ljust(SEQUENCER_LENGTH, '0')}"


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
    busy_until: str | None = None
    busy_by: str | None = None
    retired: bool = False
    removed: bool = False
    tidied: int = 1
    cleaned: bool = False
    overruled: str | None = None
    caution: str | None = None
    rolled_back_from: str | None = None
    accepted: int = 0
    newest: str | None = None
    joined: bool = False
    added_to: str | None = None
    dataset: str | None = None
    retrains: str | None = None
    stopping: tuple[str, ...] = ()
    tuned_from: str | None = None
    asked_at: str | None = None
    best_job: str | None = None
    tuned: dict[str, str] = Field(default_factory=dict)
    swept: int = 0

    @property
    def order(self) -> str:
        """Rank among all runs: by the newest upload that a run holds, then by which was accepted later.

        An increment that came late holds what was uploaded after it. A run that was asked for by hand, on the
        data of another, comes after that one. By run id at last, so that no two tie.
        """
        asked = f"~{self.asked_at}#" if self.asked_at else ""
        return f"{self.newest or self.upload.order}#{self.accepted:09}#{asked}{self.run_id}"

    @property
    def appends(self) -> bool:
        """Tell whether the upload adds to the dataset instead of replacing it."""
        return names.appends(self.upload.key)

    def ended(self, stage: Stage) -> bool:
        """Tell whether a stage has ended."""
        return self.stages[stage].ended_at is not None

    def busy(self, moment: str) -> bool:
        """Tell whether somebody may be preparing this run at a moment, as the ledger writes moments."""
        return self.busy_until is not None and self.busy_until > moment

    def started(self, stage: Stage) -> bool:
        """Tell whether a stage has started."""
        return self.stages[stage].started_at is not None

    def attempt(self, stage: Stage) -> int:
        """Tell the number of a stage's present attempt; each retry of an operator's is one more."""
        return self.stages[stage].attempt

    @property
    def algorithm(self) -> str:
        """The Marketplace algorithm's ARN, or the URI of our own image."""
        return self.configuration["algorithm"]

    @property
    def of_marketplace(self) -> bool:
        """Tell whether a Marketplace algorithm trains this run."""
        return is_of_marketplace(self.algorithm)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def not_available(self) -> list[str]:
        """What this run does without, since its algorithm does not know it; kept in the ledger's item."""
        return not_available(self.configuration.get("algorithm", ""))

    @property
    def tunes(self) -> bool:
        """Tell whether this run's hyperparameters are searched for by a tuning job."""
        return self.configuration.get("tuning") == "on"

    @property
    def searched(self) -> Searched:
        """What this run's tuning job searches: what its configuration leaves open."""
        algorithm = (
            MARKETPLACE if self.of_marketplace else self.configuration.get("training_algorithm", "bpr")
        )
        return searched(algorithm, HYPERPARAMETERS.keys() & self.configuration.keys())

    @property
    def hyperparameters(self) -> dict[str, str]:
        """What this run's training job is told: only names that its algorithm knows."""
        chosen = {name: self.configuration[name] for name in HYPERPARAMETERS if name in self.configuration}
        if self.of_marketplace:
            return chosen
        of_image = {"training_algorithm": "algorithm", "refit": "refit"}
        return {
            **{
                ours: self.configuration[name]
                for name, ours in of_image.items()
                if name in self.configuration
            },
            **chosen,
        }

    @property
    def refits(self) -> bool:
        """Tell whether the model that serves learned from every row."""
        return self.configuration.get("refit") == "true"

    @property
    def excludes_purchased(self) -> bool:
        """Tell whether batch recommendations leave out what a customer bought."""
        return self.configuration.get("exclude_purchased", "true") == "true"

    @classmethod
    def load(cls, item: dict[str, Any]) -> Self:
        """Read a run from its ledger item."""
        return cls.model_validate(item["run"] | {"status": item["status"]})
