"""What the reconciler sends again, by a run's ledger entry alone."""

from datetime import UTC, datetime, timedelta

import pytest

from reconcile_runs.decisions import Repair, repairs
from retailrec_shared.core.status import ENDED, RunStatus, Stage, stages_needed
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord, Upload, timestamp
from tests.unit.command.runs import with_attributes

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
UPLOAD = Upload(bucket="raw", key="a.csv", etag="e", size=1, uploaded_at="2026-01-02T11:00:00.000Z")


def run(status: RunStatus, minutes: float, *started: Stage) -> Run:
    stages = {stage: StageRecord(started_at="x" if stage in started else None) for stage in Stage}
    at = timestamp(NOW - timedelta(minutes=minutes))
    return Run(run_id="0" * 16, upload=UPLOAD, configuration={}, status=status, status_at=at, stages=stages)


def found(this: Run, mode: str = "serverless") -> list[Repair]:
    return repairs(this, NOW, stages_needed(mode))


@pytest.mark.parametrize("status", sorted(ENDED))
def test_a_run_that_ended_is_left_alone(status: RunStatus) -> None:
    assert found(run(status, 600)) == []


@pytest.mark.parametrize("status", sorted(set(RunStatus) - ENDED))
def test_a_run_that_moved_just_now_is_left_alone(status: RunStatus) -> None:
    assert found(run(status, 1)) == []


def test_a_prepare_that_may_still_work_is_not_doubled() -> None:
    dead = run(RunStatus.PREPARING, 14)
    busy = with_attributes(dead, busy_until=timestamp(NOW + timedelta(minutes=1)))
    assert found(busy) == []
    assert found(dead) == [Repair.OBJECT_CREATED]


def test_each_standstill_has_its_event() -> None:
    assert found(run(RunStatus.PREPARED, 10)) == [Repair.DATASET_PREPARED]
    assert found(run(RunStatus.TRAINING, 10)) == [Repair.TRAINING_JOB_CHANGED]


def test_an_approved_run_misses_what_has_not_begun_or_not_ended() -> None:
    assert found(run(RunStatus.APPROVED, 10)) == [Repair.MODEL_APPROVED, Repair.ENDPOINT_CHANGED]
    both = run(RunStatus.APPROVED, 10, Stage.BATCH, Stage.DEPLOY)
    assert found(both) == [Repair.TRANSFORM_JOB_CHANGED, Repair.ENDPOINT_CHANGED]
    assert found(run(RunStatus.APPROVED, 10, Stage.BATCH), "none") == [Repair.TRANSFORM_JOB_CHANGED]
