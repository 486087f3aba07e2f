"""The life of a run: which status may follow which, and what each stage is called.

Status only moves forward. Late, duplicate and reordered events ask for moves
that this table does not hold, and become no-ops.
"""

from collections.abc import Mapping
from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run stands, from the dropped file to the live model."""

    PREPARING = "preparing"
    PREPARED = "prepared"
    TRAINING = "training"
    APPROVED = "approved"
    LIVE = "live"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    MODEL_REJECTED = "model_rejected"
    FAILED = "failed"


class Stage(StrEnum):
    """One step of a run; each has a start, an end, and perhaps a reason for waiting."""

    PREPARE = "prepare"
    TRAIN = "train"
    APPROVE = "approve"
    BATCH = "batch"
    PUBLISH = "publish"
    DEPLOY = "deploy"


NEXT: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PREPARING: frozenset({RunStatus.PREPARED, RunStatus.REJECTED, RunStatus.FAILED}),
    RunStatus.PREPARED: frozenset({RunStatus.TRAINING, RunStatus.SUPERSEDED, RunStatus.FAILED}),
    RunStatus.TRAINING: frozenset(
        {RunStatus.APPROVED, RunStatus.MODEL_REJECTED, RunStatus.SUPERSEDED, RunStatus.FAILED}
    ),
    RunStatus.APPROVED: frozenset({RunStatus.LIVE, RunStatus.SUPERSEDED, RunStatus.FAILED}),
    RunStatus.LIVE: frozenset({RunStatus.SUPERSEDED}),
    RunStatus.SUPERSEDED: frozenset(),
    RunStatus.REJECTED: frozenset(),
    RunStatus.MODEL_REJECTED: frozenset(),
    RunStatus.FAILED: frozenset(),
}

ENDED = frozenset(status for status, after in NEXT.items() if not after) | {RunStatus.LIVE}


def before(status: RunStatus) -> frozenset[RunStatus]:
    """List the statuses from which a run may move to ``status``."""
    return frozenset(earlier for earlier, after in NEXT.items() if status in after)


def stages_needed(endpoint_mode: str) -> frozenset[Stage]:
    """List the stages that must end before a run can go live.

    The serving table always; the endpoint as well, unless there is none.
    """
    return frozenset({Stage.PUBLISH}) if endpoint_mode == "none" else frozenset({Stage.PUBLISH, Stage.DEPLOY})
