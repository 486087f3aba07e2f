"""The ledger moves forward only, whoever asks for what in whatever order."""

import itertools

import pytest

from retailrec_shared.ledger import Ledger
from retailrec_shared.run import Run, Upload
from retailrec_shared.status import NEXT, RunStatus, Stage, before

pytestmark = pytest.mark.usefixtures("cloud")


def run(number: int, uploaded_at: str = "2026-01-01T00:00:00.000Z", sequencer: str = "") -> Run:
    upload = Upload(
        bucket="raw", key=f"{number}.csv", etag="e", size=9, uploaded_at=uploaded_at, sequencer=sequencer
    )
    return Run(run_id=f"{number:016x}", upload=upload, configuration={"split": "temporal"})


def advance(book: Ledger, run_id: str, to: RunStatus) -> None:
    """Take a new run to a status, by any way that leads there."""
    for earlier in before(to):
        if earlier is not RunStatus.PREPARING:
            advance(book, run_id, earlier)
        assert book.move(run_id, to)
        return


def test_a_run_is_opened_once_and_read_back_whole(book: Ledger) -> None:
    assert book.open_run(run(1))
    assert not book.open_run(run(1))
    found = book.get(run(1).run_id)
    assert found is not None
    assert found == run(1).model_copy(update={"status_at": found.status_at})
    assert book.get("f" * 16) is None


@pytest.mark.parametrize(("start", "to"), list(itertools.product(RunStatus, RunStatus)))
def test_only_the_moves_of_the_table_happen(book: Ledger, start: RunStatus, to: RunStatus) -> None:
    book.open_run(run(1))
    if start is not RunStatus.PREPARING:
        advance(book, run(1).run_id, start)
    if to is RunStatus.PREPARING:
        return
    moved = book.move(run(1).run_id, to, reason="why")
    now = book.get(run(1).run_id)
    assert now is not None
    assert (moved is not None) == (to in NEXT[start])
    assert now.status is (to if moved else start)
    assert (now.reason == "why") == bool(moved)


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


def test_a_pointer_never_goes_back_to_an_older_upload(book: Ledger) -> None:
    older, newer = run(1, "2026-01-01T00:00:00.000Z"), run(2, "2026-01-02T00:00:00.000Z")
    assert book.point("live", older) == (True, None)
    assert book.point("live", newer) == (True, older.run_id)
    assert book.point("live", newer) == (True, None)
    assert book.point("live", older) == (False, None)
    assert book.pointer("live") == newer.run_id


def test_drops_of_one_key_within_a_second_are_told_apart_by_the_sequencer(book: Ledger) -> None:
    first, second = run(2, sequencer="0055AED6DCD90281E5"), run(1, sequencer="0055AED6DCD90281E6")
    assert second.order > first.order
    shorter = run(3, sequencer="0055AED6DCD9")
    assert first.order > shorter.order, "the shorter one counts as padded with zeros on its right"
