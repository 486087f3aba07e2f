from io import StringIO

from rich.console import RenderableType

from retailrec.views.answers import purchases_table, recommendations_table
from retailrec.views.customers import CustomerAnswers, show_customer
from retailrec.views.metrics import metrics_table
from retailrec.views.runs import run_details, run_json, runs_table
from retailrec.views.screen import console
from retailrec_shared.contract.api_responses import (
    Purchase,
    Purchases,
    Recommendation,
    Recommendations,
    Source,
)
from retailrec_shared.core.status import RunStatus, Stage
from retailrec_shared.ledger.run_parts import Upload
from tests.unit.command.runs import UPLOADED_AT, at, make_run, timed

METRICS = {
    "p@k(10)": 0.0712,
    "p@k(10)_new_items": 0.0401,
    "p@k(10)_in_sample": 0.6513,
    "p@k(10)_popularity": 0.0307,
    "p@k(10)_popularity_new_items": 0.0209,
    "p@k(10)_own_items": 0.1105,
    "users_evaluated": 1715.0,
    "users_unknown": 332.0,
}


def shown(what: RenderableType, width: int = 100) -> str:
    paper = console(file=StringIO(), width=width)
    paper.print(what)
    assert isinstance(paper.file, StringIO)
    return paper.file.getvalue()


def test_no_name_and_no_reason_steers_the_terminal() -> None:
    key = "\x1b[2J\x1b]0;title\x07\x9b31m\u202efdp.\rx\ty.csv"
    upload = Upload(bucket="raw", key=key, etag="e", size=1, uploaded_at=UPLOADED_AT)
    run = make_run("a" * 16, RunStatus.REJECTED, upload=upload, reason="It begins with: \x1b[31m\x00.")
    for text in (shown(runs_table([run], 100)), shown(run_details(run))):
        assert not set(text) & set("\x1b\x07\x9b\u202e\r\x00")
        assert "[2J" in text
        assert "It begins with: \ufffd[31m" in text


def test_runs_fit_a_hundred_columns_and_say_why_one_was_rejected() -> None:
    name = Upload(bucket="raw", key="x" * 80 + ".xlsx", etag="e", size=1, uploaded_at=UPLOADED_AT)
    live = make_run(
        "a" * 16,
        RunStatus.LIVE,
        status_at=at(41.5),
        counts={"interactions": 779425},
        metrics=METRICS,
        upload=name,
    )
    rejected = make_run(
        "b" * 16, RunStatus.MODEL_REJECTED, status_at=at(3), reason="It is worse than popularity."
    )
    text = shown(runs_table([live, rejected], 100))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert all(each in lines[1] for each in ("aaaaaaaa", "live", "779,425", "0.0712", "0.0307", "41.5 s"))
    assert "bbbbbbbb  It is worse than popularity." in text


def test_a_narrow_screen_gets_fewer_columns_but_whole_ones() -> None:
    live = make_run("a" * 16, RunStatus.MODEL_REJECTED, counts={"interactions": 12345678}, metrics=METRICS)
    text = shown(runs_table([live], 80), 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert all(each in text for each in ("aaaaaaaa", "model_rejected", "12,345,678", "0.0712", "0.0307"))


def test_a_run_is_shown_in_full() -> None:
    run = make_run(
        status=RunStatus.FAILED,
        stages={Stage.PREPARE: timed(0, 6)},
        counts={"rows_read": 1067371, "rejected_missing_customer": 243007},
        metrics=METRICS,
        reason="train: [AlgorithmError] no memory :boom:",
        next_step="Take a larger instance.",
    )
    text = shown(run_details(run))
    for expected in (
        "243,007",
        "1,067,371",
        "rejected: missing customer",
        "Take a larger instance.",
        "6.0 s",
    ):
        assert expected in text
    assert "[AlgorithmError] no memory :boom:" in text


def test_machines_get_seconds_as_well() -> None:
    run = make_run(status=RunStatus.LIVE, status_at=at(9), stages={Stage.PREPARE: timed(0, 6)})
    document = run_json(run)
    assert document["seconds"] == 9.0
    assert document["stages"]["prepare"]["seconds"] == 6.0
    assert document["status"] == "live"


def test_held_out_and_in_sample_are_separate_and_next_to_popularity() -> None:
    rows = {line[:36].strip(): line[36:].split() for line in shown(metrics_table(METRICS)).splitlines()}
    assert rows["held out, all items"] == ["0.0712", "0.0307", "0.1105"]
    assert rows["held out, items new to the customer"] == ["0.0401", "0.0209", "-"]
    assert rows["in sample (no forecast)"] == ["0.6513", "-", "-"]


def test_a_refitted_model_is_said_to_have_seen_what_was_held_out() -> None:
    refitted = make_run("a" * 16, RunStatus.LIVE, metrics=METRICS)
    refitted = refitted.model_copy(update={"configuration": {**refitted.configuration, "refit": "true"}})
    text = " ".join(shown(metrics_table(METRICS, refitted)).split())
    assert "Measured on a model that had not seen the held-out rows" in text
    assert "Measured on" not in shown(metrics_table(METRICS))


def test_errors_ndcg_and_candidates_are_shown_where_they_are_known() -> None:
    more = {
        "p@k(10)_se": 0.0031,
        "ndcg@20": 0.3408,
        "ndcg@20_se": 0.0056,
        "ndcg@20_own_recent": 0.3312,
        "candidate_ndcg@20_als": 0.3898,
        "candidate_ndcg@20_new_items_als": 0.0951,
    }
    lines = [" ".join(line.split()) for line in shown(metrics_table(METRICS | more)).splitlines()]
    assert "held out, all items 0.0712 ± 0.0031 0.0307 0.1105" in lines
    assert "held out, all items 0.3408 ± 0.0056 0.3312" in lines
    assert "als 0.0951 0.3898" in lines
    assert not any(line.startswith("ease") for line in lines)


def answer(source: Source) -> Recommendations:
    item = Recommendation(item_id="85123A", description="HEART [RED] :heart:", score=0.123456, source=source)
    items = [item]
    return Recommendations(customer_id="13085", run_id="r1", source=source, recommendations=items)


def purchases() -> Purchases:
    line = Purchase(
        timestamp="2011-11-30T12:05:00",
        invoice="536365",
        item_id="85123A",
        description="HEART",
        quantity=6.0,
        price=2.5,
    )
    return Purchases(customer_id="13085", run_id="r1", country="France", total=1234, purchases=[line])


def test_descriptions_are_written_as_they_are() -> None:
    assert "HEART [RED] :heart:" in shown(recommendations_table(answer("endpoint")))


def test_popular_answers_are_marked_as_such() -> None:
    assert "Recommended to customer 13085" in shown(recommendations_table(answer("batch")))
    popular = shown(recommendations_table(answer("popular")))
    assert "Recommended" not in popular
    assert "popular items, not personal ones" in popular


def test_a_purchase_is_a_line() -> None:
    text = shown(purchases_table(purchases()))
    assert "2011-11-30 12:05  536365   85123A" in text
    assert "the latest 1 of 1,234" in text


def test_purchases_are_shown_next_to_recommendations_where_there_is_room() -> None:
    answers = CustomerAnswers("13085", purchases(), answer("endpoint"))
    wide, narrow = (shown(show_customer(answers, console(width=width)), width) for width in (100, 80))
    assert any("2011-11-30" in line and "0.1235" in line for line in wide.splitlines())
    assert max(map(len, wide.splitlines())) <= 100
    assert not any("2011-11-30" in line and "0.1235" in line for line in narrow.splitlines())
    assert "0.1235" in narrow


def test_recommendations_have_reasons_where_their_source_knows_them() -> None:
    document = answer("similar")
    document.recommendations[0].why = "Because you bought LANTERN."
    assert "Because you bought LANTERN." in shown(recommendations_table(document), 140)
    assert "similar to what this customer bought last" in shown(recommendations_table(document), 140)
    assert "why" not in shown(recommendations_table(answer("endpoint")), 140)


def test_a_customer_who_is_not_in_the_data_is_shown_all_the_same() -> None:
    text = shown(show_customer(CustomerAnswers("17519", None, answer("popular")), console(width=100)))
    assert "this customer is not in the data" in text
    assert "popular items, not personal ones" in text
