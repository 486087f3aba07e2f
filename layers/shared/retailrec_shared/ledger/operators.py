"""Operators' commands for a run, decided from its ledger entry alone.

The result is one conditional write. The functions continue from there, invoked by
the usual event or, if that is lost, by the reconciler: a command that is interrupted
loses nothing. Raises Rejected, with a sentence, where a command does not apply.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from retailrec_shared.core import names
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord

STOPPED = "Stopped by an operator."
TRAINING_JOB, TUNING_JOB, TRANSFORM_JOB = "training-job", "hyper-parameter-tuning-job", "transform-job"


class Change(NamedTuple):
    """The status that a run moves to, the stages that start again, and the attributes that are set."""

    to: RunStatus
    stages: Mapping[Stage, StageRecord]
    fields: Mapping[str, Any]


# How a run ended, which no longer applies when it continues.
_CONTINUED: Mapping[str, Any] = {"reason": None, "next_step": None, "failed_stage": None, "announced": None}
# The lease is free again, and a search that is yet to come was not swept.
_PREPARED_AGAIN: Mapping[str, Any] = {
    **_CONTINUED,
    "attempts": 0,
    "busy_until": "",
    "busy_by": "",
    "swept": 0,
}
_BACK_IN_USE: Mapping[str, Any] = {
    "retired": False,
    "removed": False,
    "cleaned": False,
    "cleaned_to": None,
}


def retry(run: Run, live: Run | None) -> Change:
    """Continue a failed run from the stage that failed, as a new attempt."""
    if run.status is not RunStatus.FAILED:
        raise Rejected(_why_no_retry(run))
    stage = run.outcome.failed_stage or Stage.PREPARE
    # What an increment adds comes in at any time, and goes live with all that came after it.
    if not (run.appends and stage is Stage.PREPARE):
        _refuse_overtaken(run, live)
    match stage:
        case Stage.PREPARE:
            return Change(RunStatus.PREPARING, {stage: _next(run, stage)}, _PREPARED_AGAIN)
        case Stage.TRAIN:
            return Change(RunStatus.PREPARED, {stage: _next(run, stage)}, _CONTINUED)
        case Stage.APPROVE:
            return _judge_again(run, {})
    # The endpoint may have left the run by now: whatever failed, it is deployed once more. Recommendations
    # that could not be published would be the same again, but for another batch.
    again = [Stage.BATCH] if stage is Stage.PUBLISH and run.outcome.reason != STOPPED else []
    if stage is Stage.BATCH and run.started(Stage.PUBLISH):  # what was published came of another batch
        again.append(Stage.PUBLISH)
    stages: dict[Stage, StageRecord] = {each: _next(run, each) for each in (stage, Stage.DEPLOY, *again)}
    if run.cleanup.retired:
        return _judge_again(run, stages)
    return Change(RunStatus.APPROVED, stages, _CONTINUED)


def _judge_again(run: Run, stages: Mapping[Stage, StageRecord]) -> Change:
    """Create the model again as a new attempt: that of a retired run may be being deleted."""
    if run.cleanup.retired and run.started(Stage.PUBLISH) and not run.cleanup.serving_items_deleted:
        raise Rejected(f"What run {run.run_id} published is being deleted: try again in ten minutes.")
    again = {Stage.APPROVE: _next(run, Stage.APPROVE), **stages}
    if run.cleanup.serving_items_deleted:
        again[Stage.PUBLISH] = _next(run, Stage.PUBLISH)
    return Change(RunStatus.TRAINING, again, {**_CONTINUED, **_BACK_IN_USE})


def approve(run: Run, live: Run | None) -> Change:
    """Continue a run whose model the quality gate rejected."""
    if run.status is not RunStatus.MODEL_REJECTED:
        raise Rejected(
            f"Run {run.run_id} is {run.status}: only a run whose model the quality gate "
            "rejected (model_rejected) can be approved."
        )
    _refuse_overtaken(run, live)
    change = _judge_again(run, {})
    return change._replace(
        fields={**change.fields, "overruled": run.outcome.reason or "The reason was not recorded."}
    )


def stop(run: Run, prefix: str) -> Change:
    """End a run that is in progress; ``prefix`` is that of the stack's SageMaker resources.

    The names of its jobs stay in the ledger until none of them can run any more.
    """
    stage = current_stage(run)
    if stage is None:
        raise Rejected(_why_no_stop(run))
    job = _job(prefix, run, stage)
    fields = {
        "reason": STOPPED,
        "next_step": f"To continue from that stage, run: retailrec retry {run.run_id}",
        "failed_stage": stage.value,
        "stopping": list(dict.fromkeys([*run.cleanup.jobs_to_stop, *job])),
    }
    return Change(RunStatus.FAILED, {}, fields)


def _job(prefix: str, run: Run, stage: Stage) -> tuple[str, ...]:
    """Name the job of a stage that has one, with its kind."""
    attempt = run.attempt(stage)
    if stage is Stage.TRAIN and run.tunes:
        return (f"{TUNING_JOB}/{names.tuning_job_name(run.run_id, attempt)}",)
    kind = {Stage.TRAIN: TRAINING_JOB, Stage.BATCH: TRANSFORM_JOB}.get(stage)
    return (f"{kind}/{names.resource_name(prefix, run.run_id, attempt)}",) if kind else ()


def current_stage(run: Run) -> Stage | None:
    """Return the stage that a run is at; ``None`` for one that is not in progress."""
    match run.status:
        case RunStatus.PREPARING:
            return Stage.PREPARE
        case RunStatus.PREPARED:
            return Stage.TRAIN
        case RunStatus.TRAINING:
            return Stage.APPROVE if run.ended(Stage.TRAIN) else Stage.TRAIN
        case RunStatus.APPROVED:
            return next(
                (stage for stage in (Stage.BATCH, Stage.PUBLISH) if not run.ended(stage)), Stage.DEPLOY
            )
    return None


def refuse_roll_back(target: Run, live: Run, needed: frozenset[Stage]) -> None:
    """Raise Rejected unless a run can serve in the live one's place within one endpoint update."""
    if target.run_id == live.run_id:
        raise Rejected(f"Run {target.run_id} is live already.")
    if target.status is not RunStatus.SUPERSEDED or not served(target, needed):
        raise Rejected(f"Run {target.run_id} is {target.status} and never served: it cannot serve again.")
    if target.cleanup.retired:
        raise Rejected(
            f"Run {target.run_id} was retired, and its model deleted. Drop its file under another name; "
            "the stack's parameter RetainedRuns says how many replaced runs are kept."
        )


def roll_back_target(runs: list[Run], live: Run, needed: frozenset[Stage]) -> Run:
    """Choose the run that served before the live one, from all runs, the newest upload first."""
    for run in runs:
        if run.order < live.order and run.status is RunStatus.SUPERSEDED and served(run, needed):
            return run
    raise Rejected(f"No run before {live.run_id} has ever served: there is nothing to go back to.")


def served(run: Run, needed: frozenset[Stage]) -> bool:
    """Return whether a run has ever served."""
    return all(run.ended(stage) for stage in needed)


def _next(run: Run, stage: Stage) -> StageRecord:
    return StageRecord(attempt=run.attempt(stage) + 1)


def _refuse_overtaken(run: Run, live: Run | None) -> None:
    if live and live.order > run.order:
        raise Rejected(
            f"Run {live.run_id}, of a later upload, is live, and an earlier upload never replaces it. "
            "To have this data after all, drop the file again under another name."
        )


def _why_no_retry(run: Run) -> str:
    match run.status:
        case RunStatus.REJECTED:
            return (
                f"Run {run.run_id} was rejected for its file ({run.outcome.reason}): "
                "correct it and drop it again."
            )
        case RunStatus.MODEL_REJECTED:
            return (
                f"The quality gate rejected the model of run {run.run_id} ({run.outcome.reason}). Training "
                "it again would make the same model; to deploy it all the same, type: "
                f"retailrec approve {run.run_id}"
            )
        case RunStatus.SUPERSEDED:
            return (
                f"Run {run.run_id} did not fail: it was replaced. If it served once, it can serve again: "
                f"retailrec rollback {run.run_id}"
            )
    return f"Run {run.run_id} is {run.status}: only a failed run can be retried."


def _why_no_stop(run: Run) -> str:
    if run.status is RunStatus.LIVE:
        return f"Run {run.run_id} is live: to have the run before it serve again, type: retailrec rollback"
    return f"Run {run.run_id} has ended ({run.status}): there is nothing to stop."
