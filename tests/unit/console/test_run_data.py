from datetime import datetime

from retailrec.console.run_data import run_page, run_row
from retailrec_shared.core.status import RunStatus, Stage
from tests.unit.command.runs import at, make_run, timed


def moment(seconds: float) -> datetime:
    return datetime.fromisoformat(at(seconds))


def test_stages_are_timed_from_the_upload_on() -> None:
    run = make_run(stages={Stage.PREPARE: timed(2, 5), Stage.TRAIN: timed(6, waiting="No quota.")})
    stages = {each["stage"]: each for each in run_page(run, None, None, moment(10))["stages"]}
    assert (stages["prepare"]["starts"], stages["prepare"]["ends"], stages["prepare"]["state"]) == (
        2,
        5,
        "done",
    )
    assert (stages["train"]["state"], stages["train"]["note"], stages["train"]["seconds"]) == (
        "waiting", "No quota.", 4,
    )  # fmt: skip
    assert stages["deploy"]["starts"] is None


def test_rejected_rows_are_counted_by_reason_the_most_frequent_first() -> None:
    run = make_run(
        counts={"rows_read": 10, "rejected_duplicate": 2, "rejected_missing_customer": 3, "interactions": 5}
    )
    page = run_page(run, None, None, moment(1))
    assert page["rejected"] == [{"reason": "missing_customer", "rows": 3}, {"reason": "duplicate", "rows": 2}]
    assert page["counts"] == {"rows_read": 10, "interactions": 5}


def test_a_failed_run_says_why_and_what_to_do() -> None:
    run = make_run(status=RunStatus.FAILED, reason="It broke.", failed_stage=Stage.TRAIN)
    page = run_page(run, None, None, moment(1))
    assert (page["bad"], page["reason"], page["failed_stage"]) == (True, "It broke.", "train")
    assert "retailrec logs" in page["next_step"]


def test_precision_is_compared_with_baselines() -> None:
    run = make_run(metrics={"p@k(10)": 0.3, "p@k(10)_popularity": 0.1, "p@k(10)_own_items": 0.2})
    (row,) = run_page(run, None, None, moment(1))["comparison"]
    assert (row["model"], row["popularity"], row["own_items"]) == (0.3, 0.1, 0.2)


def test_only_the_pointers_run_is_live() -> None:
    run = make_run(status=RunStatus.LIVE)
    assert run_row(run, run.run_id)["live"]
    assert not run_row(run, "another")["live"]
