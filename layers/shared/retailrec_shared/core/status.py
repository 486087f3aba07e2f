"""The state machine of a run: which status may follow which, and the names of its stages.

A status only moves forward. Late, duplicate and reordered events request moves
that are not in this table; these become no-ops.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class RunStatus(StrEnum):
    """Progress of a run, from the uploaded file to the live model."""

    PREPARING = "preparing"
    PREPARED = "prepared"
    COLLECTED = "collected"
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


class Move(NamedTuple):
    """One transition of the state machine, the functions that may make it, and on what evidence."""

    start: RunStatus
    to: RunStatus
    by: tuple[str, ...]
    evidence: str


_OVERTAKEN = "the live pointer names a run of a later upload"
_OVERTAKERS = ("activate_endpoint", "reconcile_runs")
_ACTIVATORS = ("publish_recommendations", *_OVERTAKERS)

MOVES: tuple[Move, ...] = (
    Move(RunStatus.PREPARING, RunStatus.PREPARED, ("prepare_dataset",),
         "every output of the run is in the data bucket"),
    Move(RunStatus.PREPARING, RunStatus.COLLECTED, ("prepare_dataset",),
         "every output of the increment's run is in the data bucket; it adds nothing, or increments do not "
         "train (`TrainOnAppend`)"),
    Move(RunStatus.PREPARING, RunStatus.SUPERSEDED, ("prepare_dataset",),
         "a full upload that came after the increment's was accepted"),
    Move(RunStatus.PREPARING, RunStatus.REJECTED, ("prepare_dataset",),
         "the file, as it was read, cannot be used"),
    Move(RunStatus.PREPARING, RunStatus.FAILED, ("prepare_dataset",),
         "several invocations ended without a result, or the object is gone or became another run"),
    Move(RunStatus.PREPARED, RunStatus.TRAINING, ("start_training", "approve_model"),
         "SageMaker accepted the run's training or tuning job, or knows it already"),
    Move(RunStatus.PREPARED, RunStatus.SUPERSEDED, ("start_training", *_OVERTAKERS), _OVERTAKEN),
    Move(RunStatus.PREPARED, RunStatus.FAILED, ("start_training",),
         "SageMaker calls the request of the training or tuning job invalid"),
    Move(RunStatus.TRAINING, RunStatus.APPROVED, ("approve_model",),
         "the job (of a tuning job, its best) is Completed, its metrics pass the gate, and SageMaker has the "
         "model"),
    Move(RunStatus.TRAINING, RunStatus.MODEL_REJECTED, ("approve_model",),
         "the job is Completed, and its metrics do not pass the gate"),
    Move(RunStatus.TRAINING, RunStatus.SUPERSEDED, _OVERTAKERS, _OVERTAKEN),
    Move(RunStatus.TRAINING, RunStatus.FAILED, ("approve_model",),
         "the job is Failed, Stopped or unknown, a tuning job ended without a best one, or SageMaker calls "
         "the model's request invalid"),
    Move(RunStatus.APPROVED, RunStatus.LIVE, _ACTIVATORS,
         "published and deployed, and the live pointer names no run of a later upload: pointer, this run and "
         "the one it replaces move in one transaction"),
    Move(RunStatus.APPROVED, RunStatus.SUPERSEDED, _ACTIVATORS, _OVERTAKEN),
    Move(RunStatus.APPROVED, RunStatus.FAILED,
         ("approve_model", "start_batch", "publish_recommendations", "update_endpoint", "activate_endpoint"),
         "the transform job is Failed, Stopped or unknown, or its output is missing or cannot be read, "
         "SageMaker calls a request invalid, or it took an update of the endpoint to this run and came to "
         "rest with another"),
    Move(RunStatus.LIVE, RunStatus.SUPERSEDED, _ACTIVATORS,
         "in the transaction that makes a run of a later upload live"),
)  # fmt: skip

NEXT: Mapping[RunStatus, frozenset[RunStatus]] = {
    status: frozenset(move.to for move in MOVES if move.start is status) for status in RunStatus
}

# How often in a row a step may fail in the same way. Lambda tries three times, and the reconciler at the
# earliest five minutes later again.
MOST_FAILURES = 6

# Groups of statuses, for the whole repository.
BEFORE_TRAINING = frozenset({RunStatus.PREPARING, RunStatus.PREPARED})
DEPLOYABLE = frozenset({RunStatus.APPROVED, RunStatus.LIVE})
IN_PROGRESS = frozenset({RunStatus.PREPARING, RunStatus.PREPARED, RunStatus.TRAINING, RunStatus.APPROVED})
ENDED = frozenset(RunStatus) - IN_PROGRESS
SUCCESSFUL = frozenset({RunStatus.LIVE, RunStatus.COLLECTED})
UNSUCCESSFUL = frozenset({RunStatus.REJECTED, RunStatus.MODEL_REJECTED, RunStatus.FAILED})
LIVE_OR_SUPERSEDED = frozenset({RunStatus.LIVE, RunStatus.SUPERSEDED})
# A run of a later upload that goes live ends these.
OVERTAKABLE = IN_PROGRESS - {RunStatus.PREPARING}
# Without outputs of prepare_dataset.
WITHOUT_DATASET = frozenset({RunStatus.PREPARING, RunStatus.REJECTED})
# Their models and endpoint configs are deleted, but for the newest superseded runs.
RETIRABLE = frozenset({RunStatus.SUPERSEDED, RunStatus.FAILED, RunStatus.MODEL_REJECTED})
# Only another key makes another run of the same bytes.
NOT_RESUMED_BY_UPLOAD = frozenset({RunStatus.SUPERSEDED, RunStatus.FAILED})

# Transitions that only an operator's command makes, never an event.
BY_OPERATOR: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.FAILED: IN_PROGRESS,
    RunStatus.MODEL_REJECTED: frozenset({RunStatus.TRAINING}),
    RunStatus.SUPERSEDED: frozenset({RunStatus.LIVE}),
}


def before(status: RunStatus) -> frozenset[RunStatus]:
    """List the statuses from which a run may move to ``status``."""
    return frozenset(earlier for earlier, after in NEXT.items() if status in after)


def stages_needed(endpoint_mode: str) -> frozenset[Stage]:
    """List the stages that must end before a run can go live.

    The serving table always; the endpoint as well, unless there is none.
    """
    return frozenset({Stage.PUBLISH}) if endpoint_mode == "none" else frozenset({Stage.PUBLISH, Stage.DEPLOY})


def as_markdown() -> str:
    """Write the state machine as the table in docs/ledger.md."""
    lines = ["| from | to | moved by | on what evidence |", "|---|---|---|---|"]
    for start, to, by, evidence in MOVES:
        functions = ", ".join(f"`{function}`" for function in by)
        lines.append(f"| {start} | {to} | {functions} | {evidence} |")
    return "\n".join(lines) + "\n"
