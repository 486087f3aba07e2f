"""The ledger moves forward only, whoever asks for what in whatever order."""

from typing import Literal

import pytest

from retailrec_shared.core.status import NEXT, RunStatus, Stage
from retailrec_shared.ledger import endpoint_request
from retailrec_shared.ledger.endpoint_request import EndpointRequest
from retailrec_shared.ledger.ledger import GoLiveResult, Ledger
from retailrec_shared.ledger.run import Run
from retailrec_shared.ledger.run_parts import Upload

pytestmark = pytest.mark.usefixtures("cloud")


def run(number: int, uploaded_at: str = "2026-01-01T00:00:00.000Z", sequencer: str = "") -> Run:
    upload = Upload(
        bucket="raw", key=f"{number}.csv", etag="e", size=9, uploaded_at=uploaded_at, sequencer=sequencer
    )
    return Run(run_id=f"{number:016x}", upload=upload, configuration={"split": "temporal"})


# By which statuses a new run comes to each, as MOVES allow it.
ONE, TWO = (RunStatus.PREPARED,), (RunStatus.PREPARED, RunStatus.TRAINING)
WAYS: dict[RunStatus, tuple[RunStatus, ...]] = {
    RunStatus.PREPARING: (),
    RunStatus.PREPARED: ONE,
    RunStatus.COLLECTED: (RunStatus.COLLECTED,),
    RunStatus.TRAINING: TWO,
    RunStatus.APPROVED: (*TWO, RunStatus.APPROVED),
    RunStatus.LIVE: (*TWO, RunStatus.APPROVED, RunStatus.LIVE),
    RunStatus.SUPERSEDED: (*ONE, RunStatus.SUPERSEDED),
    RunStatus.REJECTED: (RunStatus.REJECTED,),
    RunStatus.MODEL_REJECTED: (*TWO, RunStatus.MODEL_REJECTED),
    RunStatus.FAILED: (*ONE, RunStatus.FAILED),
}


def advance(book: Ledger, run_id: str, to: RunStatus) -> None:
    """Take a new run to a status."""
    for status in WAYS[to]:
        assert book.move(run_id, status)


def test_a_run_is_opened_once_and_read_back_whole(book: Ledger) -> None:
    assert book.open_run(run(1))
    assert not book.open_run(run(1))
    found = book.get(run(1).run_id)
    assert found is not None
    assert found == run(1).model_copy(update={"status_at": found.status_at})
    assert book.get("f" * 16) is None


@pytest.mark.parametrize("start", RunStatus)
def test_only_the_moves_of_the_table_happen(book: Ledger, start: RunStatus) -> None:
    for number, to in enumerate(RunStatus):
        made = run(number)
        book.open_run(made)
        advance(book, made.run_id, start)
        if to is RunStatus.PREPARING:  # where a run begins, and nothing moves it to
            continue
        moved = book.move(made.run_id, to, reason="why")
        now = book.get(made.run_id)
        assert now is not None
        # The live run ends in the transaction that puts another in its place, and by no move alone.
        assert (moved is not None) == (to in NEXT[start] and start is not RunStatus.LIVE), to
        assert now.status is (to if moved else start)
        assert (now.outcome.reason == "why") == bool(moved)


def test_what_a_move_brings_is_kept(book: Ledger) -> None:
    book.open_run(run(1))
    moved = book.move(run(1).run_id, RunStatus.PREPARED, counts={"rows_read": 7})
    assert moved is not None
    assert moved.counts == {"rows_read": 7}
    advance_to = book.move(run(1).run_id, RunStatus.TRAINING)
    assert advance_to is not None
    approved = book.move(run(1).run_id, RunStatus.APPROVED, metrics={"p@k(10)": 0.1875, "users": 3.0})
    assert approved is not None
    assert approved.metrics == {"p@k(10)": 0.1875, "users": 3.0}
    assert approved.counts == {"rows_read": 7}


def test_a_stage_keeps_its_first_times_and_stops_waiting(book: Ledger) -> None:
    book.open_run(run(1))
    waiting = book.wait_stage(run(1).run_id, Stage.TRAIN, "quota")
    assert waiting is not None
    assert waiting.stages[Stage.TRAIN].waiting == "quota"
    assert not waiting.started(Stage.TRAIN)
    first = book.start_stage(run(1).run_id, Stage.TRAIN)
    again = book.start_stage(run(1).run_id, Stage.TRAIN)
    assert first is not None
    assert again is not None
    assert first.stages[Stage.TRAIN] == again.stages[Stage.TRAIN]
    assert again.stages[Stage.TRAIN].waiting is None
    ended = book.end_stage(run(1).run_id, Stage.TRAIN)
    assert ended is not None
    assert ended.stages[Stage.TRAIN].seconds is not None


def test_nothing_is_noted_of_a_run_that_does_not_exist(book: Ledger) -> None:
    assert book.start_stage("f" * 16, Stage.TRAIN) is None
    assert book.record("f" * 16, retired=True) is None
    assert list(book.runs()) == []


def test_runs_come_newest_upload_first(book: Ledger) -> None:
    times = {1: "2026-01-02T00:00:00.000Z", 2: "2026-01-03T00:00:00.000Z", 3: "2026-01-01T00:00:00.000Z"}
    for number, time in times.items():
        book.open_run(run(number, time))
    assert [found.run_id for found in book.runs()] == [run(number).run_id for number in (2, 1, 3)]
    assert len(list(book.runs(limit=1))) == 1


def approved(book: Ledger, number: int) -> Run:
    made = run(number, f"2026-01-0{number}T00:00:00.000Z")
    book.open_run(made)
    advance(book, made.run_id, RunStatus.APPROVED)
    return made


def statuses(book: Ledger, *runs: Run) -> list[RunStatus]:
    found = [book.get(each.run_id) for each in runs]
    return [each.status for each in found if each]


def test_a_newer_run_replaces_the_live_one_and_no_older_one_does(book: Ledger) -> None:
    oldest, older, newer = (approved(book, number) for number in (1, 2, 3))
    assert book.go_live(older.run_id) is GoLiveResult.LIVE
    assert book.go_live(newer.run_id) is GoLiveResult.LIVE
    assert book.go_live(newer.run_id) is GoLiveResult.LIVE, "once more is no harm"
    assert book.go_live(oldest.run_id) is GoLiveResult.OVERTAKEN
    assert book.go_live(older.run_id) is GoLiveResult.ENDED
    assert book.pointer("live") == newer.run_id
    assert statuses(book, oldest, older, newer) == [
        RunStatus.APPROVED,
        RunStatus.SUPERSEDED,
        RunStatus.LIVE,
    ]
    live = book.get(newer.run_id)
    assert live is not None
    assert live.rollout.replaced == older.run_id


def test_a_run_that_failed_meanwhile_moves_no_pointer(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = approved(book, 1), approved(book, 2)
    book.go_live(old.run_id)
    read = Ledger.pointer

    def slow_read(self: Ledger, name: Literal["live"]) -> str | None:
        self.move(new.run_id, RunStatus.FAILED)  # after go_live read the run, before its transaction
        return read(self, name)

    monkeypatch.setattr(Ledger, "pointer", slow_read)
    assert book.go_live(new.run_id) is GoLiveResult.ENDED
    assert read(book, "live") == old.run_id
    assert statuses(book, old, new) == [RunStatus.LIVE, RunStatus.FAILED]


def test_of_two_that_go_live_at_once_the_newer_one_stays(
    book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = approved(book, 1), approved(book, 2)
    read = Ledger.pointer

    def slow_read(self: Ledger, name: Literal["live"]) -> str | None:
        found = read(self, name)
        monkeypatch.setattr(Ledger, "pointer", read)
        assert self.go_live(newer.run_id) is GoLiveResult.LIVE
        return found

    monkeypatch.setattr(Ledger, "pointer", slow_read)
    assert book.go_live(older.run_id) is GoLiveResult.OVERTAKEN
    assert statuses(book, older, newer) == [RunStatus.APPROVED, RunStatus.LIVE]


def test_a_preparing_is_taken_by_one_and_can_be_left(book: Ledger) -> None:
    book.open_run(run(1))
    later = "2999-01-01T00:00:00.000Z"
    assert book.acquire_lease(run(1).run_id, later, "me")
    assert book.acquire_lease(run(1).run_id, later, "you") is None
    book.release_lease(run(1).run_id, "you")
    assert book.acquire_lease(run(1).run_id, later, "you") is None, "only who has it can leave it"
    book.release_lease(run(1).run_id, "me")
    again = book.acquire_lease(run(1).run_id, later, "you")
    assert again is not None
    assert again.lease.acquired == 2, "the one that was left does not count"


def test_a_wish_is_made_by_who_knows_the_last_one(book: Ledger) -> None:
    first = endpoint_request.record("a", after=endpoint_request.last())
    assert first is not None
    assert endpoint_request.record("b", after=EndpointRequest()) is None
    second = endpoint_request.record("b", after=endpoint_request.last())
    assert second is not None
    endpoint_request.mark_accepted(first)
    assert endpoint_request.last() == second
    endpoint_request.mark_accepted(second)
    assert endpoint_request.last() == second._replace(accepted=True)


def test_drops_of_one_key_within_a_second_are_told_apart_by_the_sequencer(book: Ledger) -> None:
    first, second = run(2, sequencer="0055AED6DCD90281E5"), run(1, sequencer="0055AED6DCD90281E6")
    assert second.order > first.order
    shorter = run(3, sequencer="0055AED6DCD9")
    assert first.order > shorter.order, "the shorter one counts as padded with zeros on its right"
