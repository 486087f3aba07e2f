"""A run, as the ledger keeps it."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from retailrec_shared.core import names
from retailrec_shared.core.marketplace_limits import is_of_marketplace, not_available
from retailrec_shared.core.settings import HYPERPARAMETERS
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.core.tuning_ranges import MARKETPLACE, Searched, searched
from retailrec_shared.ledger.run_parts import (
    CleanUp,
    DatasetVersion,
    Gate,
    Lease,
    Outcome,
    Part,
    Rollout,
    StageRecord,
    Tuning,
    Upload,
    now,
)

PARTS: Mapping[str, type[Part]] = {
    "outcome": Outcome,
    "lease": Lease,
    "gate": Gate,
    "rollout": Rollout,
    "dataset": DatasetVersion,
    "tuning": Tuning,
    "cleanup": CleanUp,
}
"""The parts whose fields are attributes of the item itself, by the name of the run's field."""


class Run(BaseModel):
    """One run of the pipeline over one upload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    """Hash of the upload and the configuration: the same file, configured alike, is the same run."""
    upload: Upload
    configuration: dict[str, str]
    """The stack's settings that decide on the outputs, as they were when the run was created."""
    status: RunStatus = RunStatus.PREPARING
    status_at: str = Field(default_factory=now)
    """When the status last changed."""
    stages: dict[Stage, StageRecord] = Field(
        default_factory=lambda: {stage: StageRecord() for stage in Stage}
    )
    counts: dict[str, int] = Field(default_factory=dict)
    """Rows, customers and items, by name, as prepare_dataset counted them."""
    metrics: dict[str, float] = Field(default_factory=dict)
    """The training job's final metrics, by name; those that are no number are left out."""
    outcome: Outcome = Outcome()
    lease: Lease = Lease()
    gate: Gate = Gate()
    rollout: Rollout = Rollout()
    dataset: DatasetVersion = DatasetVersion()
    tuning: Tuning = Tuning()
    cleanup: CleanUp = CleanUp()

    @property
    def order(self) -> str:
        """Rank among all runs: by the newest upload that a run holds, then by which was accepted later.

        An increment that came late holds what was uploaded after it. A run that was asked for by hand, on the
        data of another, comes after that one. By run id at last, so that no two tie.
        """
        requested = f"~{self.tuning.requested_at}#" if self.tuning.requested_at else ""
        upload = self.dataset.newest_upload or self.upload.order
        return f"{upload}#{self.dataset.number:09}#{requested}{self.run_id}"

    @property
    def appends(self) -> bool:
        """Tell whether the upload adds to the dataset instead of replacing it."""
        return names.appends(self.upload.key)

    def ended(self, stage: Stage) -> bool:
        """Tell whether a stage has ended."""
        return self.stages[stage].ended_at is not None

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

    @property
    def not_available(self) -> list[str]:
        """Sentences about what this run's algorithm cannot do; the item and JSON outputs repeat them."""
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
        """Read a run from its ledger item; raises ValueError or KeyError for one that is no run's."""
        return cls.from_attributes(item["run"] | {"status": item["status"]})

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Create a run from flat attributes, as the ledger's item names them; others are ignored."""
        own = {name: value for name, value in attributes.items() if name not in PARTS}
        return cls.model_validate(
            {**own, **dict.fromkeys(PARTS, attributes)}, extra="ignore", by_alias=True, by_name=False
        )

    def attributes(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """Return the run as flat JSON values, by the names of the ledger's item."""
        own = self.model_dump(mode="json", exclude=set(PARTS), exclude_none=exclude_none)
        for name in PARTS:
            part: Part = getattr(self, name)
            own |= part.model_dump(mode="json", by_alias=True, exclude_none=exclude_none)
        return own | {"not_available": self.not_available}
