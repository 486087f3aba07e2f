"""What an operator may ask of a run, and what is refused with a sentence."""

from typing import Any

import pytest

from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.status import BY_OPERATOR, ENDED, NEXT, RunStatus, Stage
from retailrec_shared.ledger import operators
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import StageRecord
from tests.unit.command.runs import make_run, timed, with_attributes

LATER = make_run("b" * 16, RunStatus.LIVE).model_copy(
    update={"upload": make_run().upload.model_copy(update={"uploaded_at": "2026-02-01T00:00:00.000Z"})}
)
NEEDED = frozenset({Stage.PUBLISH, Stage.DEPLOY})


def failed(stage: Stage, **fields: Any) -> Run:
    return make_run(status=RunStatus.FAILED, failed_stage=stage, reason="why", **fields)


@pytest.mark.parametrize(
    ("stage", "to"),
    [
        (Stage.PREPARE, RunStatus.PREPARING),
        (Stage.TRAIN, RunStatus.PREPARED),
        (Stage.APPROVE, RunStatus.TRAINING),
        (Stage.BATCH, RunStatus.APPROVED),
        (Stage.PUBLISH, RunStatus.APPROVED),
        (Stage.DEPLOY, RunStatus.APPROVED),
    ],
)
def test_a_failed_run_goes_on_from_the_failed_stage_under_a_new_attempt(stage: Stage, to: RunStatus) -> None:
    change = operators.retry(failed(stage), None)
    assert change.to is to
    assert change.stages[stage] == StageRecord(attempt=2)
    assert change.fields["reason"] is None
    assert change.to in BY_OPERATOR[RunStatus.FAILED]


def test_what_failed_late_is_deployed_once_more_and_keeps_what_it_published() -> None:
    change = operators.retry(failed(Stage.DEPLOY, stages={Stage.PUBLISH: timed(1, 2)}), None)
    assert set(change.stages) == {Stage.DEPLOY}
    assert set(operators.retry(failed(Stage.BATCH), None).stages) == {Stage.BATCH, Stage.DEPLOY}


def test_what_could_not_be_published_is_made_again_first() -> None:
    again = operators.retry(failed(Stage.PUBLISH), None)
    assert set(again.stages) == {Stage.BATCH, Stage.PUBLISH, Stage.DEPLOY}
    by_hand = with_attributes(failed(Stage.PUBLISH), reason=operators.STOPPED)
    stopped = operators.retry(by_hand, None)
    assert set(stopped.stages) == {Stage.PUBLISH, Stage.DEPLOY}


def test_what_was_published_in_part_of_a_batch_is_published_again_of_the_next() -> None:
    again = operators.retry(failed(Stage.BATCH, stages={Stage.PUBLISH: timed(1)}), None)
    assert again.stages[Stage.PUBLISH] == StageRecord(attempt=2), "without the position in the former output"


def test_the_model_of_a_retired_run_is_made_again_by_another_name() -> None:
    change = operators.retry(failed(Stage.DEPLOY, retired=True), None)
    assert change.to is RunStatus.TRAINING
    assert change.stages[Stage.APPROVE].attempt == 2
    assert (change.fields["retired"], change.fields["removed"]) == (False, False)


def test_a_run_that_is_being_cleaned_up_is_not_brought_back_this_moment() -> None:
    run = failed(Stage.DEPLOY, retired=True, stages={Stage.PUBLISH: timed(1, 2)})
    with pytest.raises(Rejected, match="try again in ten minutes"):
        operators.retry(run, None)
    change = operators.retry(with_attributes(run, cleaned=True), None)
    assert change.stages[Stage.PUBLISH].attempt == 2


@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.FAILED])
def test_only_a_failed_run_is_retried(status: RunStatus) -> None:
    with pytest.raises(Rejected) as refusal:
        operators.retry(make_run(status=status), None)
    assert "0123456789abcdef" in str(refusal.value)


def test_an_overtaken_run_is_neither_retried_nor_approved() -> None:
    with pytest.raises(Rejected, match="of a later upload, is live"):
        operators.retry(failed(Stage.TRAIN), LATER)
    with pytest.raises(Rejected, match="of a later upload, is live"):
        operators.approve(make_run(status=RunStatus.MODEL_REJECTED), LATER)


def test_an_approval_keeps_what_it_overruled() -> None:
    change = operators.approve(make_run(status=RunStatus.MODEL_REJECTED, reason="Too few items."), None)
    assert (change.to, change.fields["overruled"]) == (RunStatus.TRAINING, "Too few items.")
    with pytest.raises(Rejected, match="only a run whose model the quality gate rejected"):
        operators.approve(failed(Stage.TRAIN), None)


@pytest.mark.parametrize(
    ("status", "jobs"),
    [
        (RunStatus.PREPARING, []),
        (RunStatus.PREPARED, ["training-job/shop-0123456789abcdef-2"]),
        (RunStatus.TRAINING, ["training-job/shop-0123456789abcdef-2"]),
        (RunStatus.APPROVED, ["transform-job/shop-0123456789abcdef"]),
    ],
)
def test_a_stopped_run_names_the_job_that_must_not_run_on(status: RunStatus, jobs: list[str]) -> None:
    run = make_run(status=status, stages={Stage.TRAIN: StageRecord(attempt=2)})
    change = operators.stop(run, "shop-")
    assert (change.to, change.fields["stopping"]) == (RunStatus.FAILED, jobs)
    assert change.fields["reason"] == "Stopped by an operator."
    assert change.to in NEXT[status]


@pytest.mark.parametrize("status", sorted(ENDED))
def test_what_has_ended_cannot_be_stopped(status: RunStatus) -> None:
    with pytest.raises(Rejected):
        operators.stop(make_run(status=status), "shop-")


def test_only_a_run_that_served_and_was_not_retired_can_serve_again() -> None:
    live = LATER
    served = make_run(status=RunStatus.SUPERSEDED, stages={stage: timed(1, 2) for stage in NEEDED})
    operators.refuse_roll_back(served, live, NEEDED)
    assert operators.roll_back_target([live, served], live, NEEDED) == served
    never = make_run(status=RunStatus.SUPERSEDED)
    for target, words in (
        (live, "is live already"),
        (never, "never served"),
        (failed(Stage.TRAIN), "never served"),
        (with_attributes(served, retired=True), "RetainedRuns"),
    ):
        with pytest.raises(Rejected, match=words):
            operators.refuse_roll_back(target, live, NEEDED)
    with pytest.raises(Rejected, match="nothing to go back to"):
        operators.roll_back_target([live, never], live, NEEDED)


def test_no_event_moves_a_run_where_only_an_operator_may() -> None:
    for status, after in BY_OPERATOR.items():
        assert not after & NEXT[status]
