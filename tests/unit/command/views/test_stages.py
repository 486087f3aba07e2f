from datetime import datetime

import pytest

from retailrec.views.stages import State, seconds_taken, view_stages
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord
from tests.unit.command.runs import at, make_run, timed


def states(run: Run, now: str) -> dict[str, str]:
    return {view.stage.value: view.state.value for view in view_stages(run, datetime.fromisoformat(now))}


def test_batch_and_deploy_run_side_by_side() -> None:
    run = make_run(
        status=RunStatus.APPROVED,
        stages={
            Stage.PREPARE: timed(1, 7.5),
            Stage.TRAIN: timed(8, 12),
            Stage.APPROVE: timed(12, 13),
            Stage.BATCH: timed(13),
            Stage.DEPLOY: timed(13),
        },
    )
    assert states(run, at(20)) == {
        "prepare": "done",
        "train": "done",
        "approve": "done",
        "batch": "running",
        "publish": "pending",
        "deploy": "running",
    }
    views = {view.stage: view for view in view_stages(run, datetime.fromisoformat(at(20)))}
    assert views[Stage.PREPARE].seconds == 6.5
    assert views[Stage.BATCH].seconds == 7.0


def test_a_stage_that_waits_says_for_what() -> None:
    run = make_run(
        status=RunStatus.PREPARED, stages={Stage.TRAIN: StageRecord(waiting="The quota is 0 instances.")}
    )
    train = next(
        view for view in view_stages(run, datetime.fromisoformat(at(1))) if view.stage == Stage.TRAIN
    )
    assert train.state is State.WAITING
    assert train.note == "The quota is 0 instances."


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.REJECTED, RunStatus.MODEL_REJECTED])
def test_what_ran_when_the_run_ended_is_shown_as_stopped(status: RunStatus) -> None:
    run = make_run(status=status, stages={Stage.PREPARE: timed(0, 1), Stage.TRAIN: timed(1)})
    assert states(run, at(60))["train"] == "stopped"
    assert states(run, at(60))["batch"] == "pending"


def test_a_live_run_without_an_endpoint_needs_no_deployment() -> None:
    run = make_run(status=RunStatus.LIVE, stages={Stage.PUBLISH: timed(5, 6)})
    assert states(run, at(60))["deploy"] == "not needed"


def test_a_ledger_whose_clock_is_ahead_gives_no_negative_time() -> None:
    run = make_run(stages={Stage.PREPARE: timed(30)})
    assert next(view_stages(run, datetime.fromisoformat(at(1)))).seconds == 0.0


def test_seconds_are_counted_from_the_upload_to_the_live_model() -> None:
    assert seconds_taken(make_run(status=RunStatus.LIVE, status_at=at(42))) == 42.0
    assert seconds_taken(make_run(status=RunStatus.TRAINING, status_at=at(42))) is None


def test_being_replaced_later_does_not_lengthen_a_run() -> None:
    run = make_run(status=RunStatus.SUPERSEDED, status_at=at(3000), stages={Stage.DEPLOY: timed(20, 41)})
    assert seconds_taken(run) == 41.0


def test_a_live_run_whose_endpoint_must_be_deleted_first_says_so() -> None:
    waiting = "Run: aws sagemaker delete-endpoint --endpoint-name retailrec-endpoint."
    record = StageRecord(started_at=at(1), ended_at=at(2), waiting=waiting)
    run = make_run(
        status=RunStatus.LIVE, stages={stage: StageRecord() for stage in Stage} | {Stage.DEPLOY: record}
    )
    shown = {view.stage: view for view in view_stages(run, datetime.fromisoformat(at(9)))}
    assert (shown[Stage.DEPLOY].state, shown[Stage.DEPLOY].note) == (State.WAITING, waiting)


def test_a_stage_that_fails_says_how_and_one_that_writes_how_far_it_is() -> None:
    record = timed(13).model_copy(update={"failure": "AWS refused BatchWriteItem.", "failures": 2})
    run = make_run(status=RunStatus.APPROVED, stages={Stage.PUBLISH: record})
    (view,) = [
        each for each in view_stages(run, datetime.fromisoformat(at(20))) if each.stage is Stage.PUBLISH
    ]
    assert view.state is State.WAITING
    assert view.note == "Failed 2 times, and is tried again, 6 times in all. AWS refused BatchWriteItem."
    record = timed(13).model_copy(update={"position": {"entries": 640_000}})
    run = make_run(status=RunStatus.APPROVED, stages={Stage.PUBLISH: record})
    (view,) = [
        each for each in view_stages(run, datetime.fromisoformat(at(20))) if each.stage is Stage.PUBLISH
    ]
    assert (view.state, view.note) == (State.RUNNING, "640,000 entries are written.")
