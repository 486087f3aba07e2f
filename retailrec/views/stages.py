"""The states of a run's stages, from its ledger entry only."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from retailrec_shared.core.status import ENDED, MOST_FAILURES, RunStatus, Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord


class State(StrEnum):
    """The state of a stage."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"
    NOT_NEEDED = "not needed"


class StageView(NamedTuple):
    """A stage for display; ``note`` says what it waits for, how it failed, or how far it is."""

    stage: Stage
    state: State
    seconds: float | None = None
    note: str | None = None


def view_stages(run: Run, now: datetime) -> Iterator[StageView]:
    """Return the state of each stage of a run at a moment, in the order of the pipeline."""
    for stage in Stage:
        yield _view(run, stage, now)


def _view(run: Run, stage: Stage, now: datetime) -> StageView:
    record = run.stages[stage]
    if record.waiting and run.status is RunStatus.LIVE:  # the endpoint serves it, but not as is asked for now
        return StageView(stage, State.WAITING, None, record.waiting)
    if record.ended_at:
        return StageView(stage, State.DONE, record.seconds)
    if run.status in ENDED:
        if record.started_at:
            return StageView(stage, State.STOPPED)
        return StageView(stage, State.NOT_NEEDED if run.status is RunStatus.LIVE else State.PENDING)
    running = _since(record.started_at, now) if record.started_at else None
    if record.failure:
        return StageView(stage, State.WAITING, running, failing(record))
    if record.waiting:
        return StageView(stage, State.WAITING, running, record.waiting)
    return StageView(stage, State.PENDING if running is None else State.RUNNING, running, _progress(record))


def failing(record: StageRecord) -> str:
    """Say how a stage failed, and that it is tried again."""
    times = "once" if record.failures == 1 else f"{record.failures} times"
    return f"Failed {times}, and is tried again, {MOST_FAILURES} times in all. {record.failure}"


def _progress(record: StageRecord) -> str | None:
    written = (record.position or {}).get("entries")
    return f"{written:,} entries are written." if written else None


def _since(timestamp: str, now: datetime) -> float:
    """Seconds since a time of the ledger, whose clock may be ahead of this one."""
    return max(0.0, (now - datetime.fromisoformat(timestamp)).total_seconds())


def seconds_taken(run: Run) -> float | None:
    """Seconds from a run's upload, or from when it was requested, to its end; ``None`` before that.

    S3 records the time of an upload to the second only.
    """
    ends = [record.ended_at for record in run.stages.values() if record.ended_at]
    if run.status is RunStatus.SUPERSEDED:  # its status changed long after its last stage
        end = max(ends, default=None)
    else:
        end = run.status_at if run.status in ENDED else None
    asked = (
        run.stages[Stage.PREPARE].started_at
        if run.dataset.retrains
        else run.tuning.requested_at or run.upload.uploaded_at
    )
    return _since(asked, datetime.fromisoformat(end)) if asked and end else None
