"""The parts of a run: each names its fields in its own terms, and the item's attribute where that differs.

The ledger's item is flat, and its attributes never change their names: an alias names the attribute. Times
are texts in the ledger's notation (ISO 8601, UTC, milliseconds), which sort as text.
"""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from retailrec_shared.core.status import RunStatus, Stage

SEQUENCER_LENGTH = 32


def now() -> str:
    """Return the present time as the ledger writes it: ISO 8601, UTC, milliseconds; sorts as text."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """Return a moment in the ledger's notation."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Part(BaseModel):
    """A group of a run's fields; created by name, read from an item by attribute."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")


class StageRecord(Part):
    """When a stage of a run started and ended, and what it waits for."""

    started_at: str | None = None
    """When the present attempt started."""
    ended_at: str | None = None
    """When the present attempt ended well."""
    waiting: str | None = None
    """A sentence about what the stage waits for, such as a quota."""
    attempt: int = 1
    """Number of the present attempt, from 1: each retry adds one."""
    tried_again: int = 0
    """How many attempts in a row began without an operator, since the cause of a failure passes."""
    not_before: str | None = None
    """When the present attempt may begin, if it must wait."""
    unsettled_since: str | None = None
    """Since when the stage waits for something new that AWS does not know everywhere yet."""
    failure: str | None = None
    """How the last try of this attempt failed, in a few words."""
    failures: int | None = None
    """How often in a row it failed in that way."""
    lease_until: str | None = None
    """When the lease of the invocation that works at the stage ends; empty once it is released."""
    lease_by: str | None = None
    """Id of that invocation."""
    leases: int | None = None
    """How many invocations got the lease since the position changed."""
    position: dict[str, int] | None = None
    """How far a stage got that takes several invocations."""

    @property
    def begins_again(self) -> bool:
        """Whether the present attempt follows one that failed, and has not begun."""
        return self.tried_again > 0 and self.started_at is None

    def too_early(self, moment: str) -> bool:
        """Return whether the present attempt must still wait at a moment, in the ledger's notation."""
        return self.not_before is not None and self.not_before > moment and self.started_at is None

    @property
    def seconds(self) -> float | None:
        """Duration of the stage; ``None`` while it has not ended."""
        if not self.started_at or not self.ended_at:
            return None
        return (
            datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)
        ).total_seconds()


class Upload(Part):
    """The uploaded file that a run was created for."""

    bucket: str
    """Name of the raw bucket."""
    key: str
    """Key of the object, decoded."""
    etag: str
    """ETag of the object, without quotation marks."""
    size: int
    """Bytes."""
    uploaded_at: str
    """The object's LastModified."""
    sequencer: str = ""
    """S3's sequencer of the event; empty if the reconciler found the upload."""
    version_id: str | None = None
    """Version of the object; ``None`` in a bucket without versions."""

    @property
    def order(self) -> str:
        """Rank among all uploads, as text: a later upload compares greater.

        The sequencer decides between uploads of one key within a second; S3 documents
        to pad the shorter one with zeros on its right. Between different keys it
        means nothing, and is only as good as any tie-break.
        """
        return f"{self.uploaded_at}#{self.sequencer.ljust(SEQUENCER_LENGTH, '0')}"


class Outcome(Part):
    """How a run ended, in sentences for its owner."""

    reason: str | None = None
    """Why the run ended, or why nothing is trained."""
    next_step: str | None = None
    """What to do now, with the command to type."""
    failed_stage: Stage | None = None
    """The stage that failed; a retry starts there."""
    announced: RunStatus | None = None
    """The status whose event was published."""


class Rollout(Part):
    """Which runs served before this one."""

    replaced: str | None = None
    """Id of the run that was live before this one."""
    rolled_back_from: str | None = None
    """Id of the later run that an operator rolled back to this one; nothing earlier than it goes live."""


class Lease(Part):
    """Who prepares a run, and until when nobody else may."""

    acquired: int = Field(default=1, alias="attempts")
    """How often the lease was acquired; acquisitions that ended in an error of AWS are subtracted."""
    expires_at: str | None = Field(default=None, alias="busy_until")
    """When the lease ends; empty once it is released."""
    holder: str | None = Field(default=None, alias="busy_by")
    """Random id of the invocation that holds the lease."""

    def held(self, moment: str) -> bool:
        """Return whether an invocation holds the lease at a moment, in the ledger's notation."""
        return self.expires_at is not None and self.expires_at > moment


class Gate(Part):
    """What the quality gate and an operator decided on a run's model."""

    overruled: str | None = None
    """The gate's objection that an operator overruled."""
    caution: str | None = None
    """A sentence about what speaks against a model that passed."""


class DatasetVersion(Part):
    """Which version of the dataset a run holds."""

    id: str | None = Field(default=None, alias="dataset")
    """Id of the dataset: a hash of the ids of the runs whose uploads form it."""
    number: int = Field(default=0, alias="accepted")
    """How many uploads were accepted by then, this one included; 0 before that."""
    newest_upload: str | None = Field(default=None, alias="newest")
    """Rank of the newest upload in the dataset, if that is not the run's own."""
    joined: bool = False
    """Whether the dataset holds other uploads' rows too."""
    added_to: str | None = None
    """Id of the run whose dataset the upload was added to."""
    retrains: str | None = None
    """Id of the run whose dataset is trained on again; this run brings no rows."""


class Tuning(Part):
    """A search for hyperparameters: what it was requested for, and what it found."""

    source_run: str | None = Field(default=None, alias="tuned_from")
    """Id of the run whose data `retailrec tune` searches on."""
    requested_at: str | None = Field(default=None, alias="asked_at")
    """When `retailrec tune` requested the run."""
    best_job: str | None = None
    """Name of the training job with the best objective."""
    found: dict[str, str] = Field(default_factory=dict, alias="tuned")
    """The best job's hyperparameters, of those that were searched."""


class CleanUp(Part):
    """What the reconciler has stopped and deleted of a run, and what is left to do."""

    jobs_to_stop: tuple[str, ...] = Field(default=(), alias="stopping")
    """Kind and name, with a slash between, of each job to stop since an operator stopped the run."""
    retired: bool = False
    """Whether the run's resources are being deleted or are gone: it cannot serve again."""
    resources_deleted: bool = Field(default=False, alias="removed")
    """Whether a retired run's model, model package and endpoint config are deleted."""
    first_attempt_kept: int = Field(default=1, alias="tidied")
    """The resources of attempts at the model below this number are deleted."""
    serving_items_deleted: bool = Field(default=False, alias="cleaned")
    """Whether a retired run's items in the serving table are deleted."""
    serving_items_passed: int | None = Field(default=None, alias="cleaned_to")
    """How many of its keys, in their order, are deleted by now."""
    serving_items_order: int | None = Field(default=None, alias="cleaned_order")
    """Number of that order, which a release may change."""
    swept_attempts: int = Field(default=0, alias="swept")
    """The other models of the searches up to this attempt at training are deleted."""
