"""The view Model: which metrics are shown, next to which baselines, and that names never become markup."""

import re
from typing import Any

from retailrec.console.metric_charts import comparison_table, epochs_chart, previous, runs_chart
from retailrec.console.metric_names import counterparts, epoch_label, metric_label, own_metrics

METRICS = {
    "p@k(10)": 0.3, "p@k(10)_se": 0.01, "p@k(10)_popularity": 0.1, "p@k(10)_own_items": 0.2,
    "p@k(10)_new_items": 0.15, "p@k(10)_popularity_new_items": 0.05, "ndcg@20": 0.4,
    "ndcg@20_own_recent": 0.35, "users_evaluated": 2400.0, "fit_seconds": 3.0,
}  # fmt: skip


def run(run_id: str, metrics: dict[str, float], file: str = "sales.csv") -> dict[str, Any]:
    return {"run_id": run_id, "file": file, "uploaded_at": "2026-01-02T03:04:00.000Z", "metrics": metrics}


def test_counts_errors_and_baselines_are_no_metrics_of_the_model() -> None:
    assert own_metrics([METRICS]) == ["p@k(10)", "ndcg@20", "p@k(10)_new_items"]


def test_a_metric_is_compared_with_the_same_one_of_each_baseline() -> None:
    found = {each.label: each.name for each in counterparts("p@k(10)", METRICS)}
    assert found == {"popularity": "p@k(10)_popularity", "customer's most frequent": "p@k(10)_own_items"}
    (new,) = counterparts("p@k(10)_new_items", METRICS)
    assert new.name == "p@k(10)_popularity_new_items"
    assert counterparts("epoch_p@k(10)", METRICS) == counterparts("p@k(10)", METRICS)


def test_labels_name_the_rows_that_a_metric_is_measured_on() -> None:
    assert metric_label("p@k(10)") == "precision@10 (held out)"
    assert metric_label("p@k(10)_new_items") == "precision@10 (held out, items new to the customer)"
    assert metric_label("ndcg@20_in_sample") == "ndcg@20 (in sample, no forecast)"
    assert epoch_label("epoch_p@k(10)") == "precision@10 (held out, some of the customers)"
    assert epoch_label("train_auc") == "train auc"


def test_the_previous_run_is_the_newest_one_before_that_has_metrics() -> None:
    runs = [run("a", METRICS), run("b", {}), run("c", METRICS)]
    assert previous(runs, "c") is runs[0]
    assert previous(runs, "a") is None


def test_runs_without_the_metric_are_not_drawn_and_the_chosen_one_is_marked() -> None:
    chart = runs_chart([run("a", METRICS), run("b", {}), run("c", METRICS)], "p@k(10)", "c")
    hints = re.findall(r"<circle[^>]*><title>model, (.*?)</title>", chart)
    assert [hint[0] for hint in hints] == ["1", "2"]
    assert ["(chosen)" in hint for hint in hints] == [False, True]


def test_epochs_are_drawn_with_the_finished_models_as_references() -> None:
    points = [{"step": 1, "value": 0.1}, {"step": 2, "value": 0.25}]
    chart = epochs_chart(points, "epoch_p@k(10)", run("b", METRICS), run("a", {"p@k(10)": 0.28}))
    assert chart.count("<circle") == 2
    assert re.findall(r"<title>([^<]*: 0.\d+)</title></line>", chart) == [
        "popularity: 0.1000", "customer&#x27;s most frequent: 0.2000", "previous model: 0.2800",
    ]  # fmt: skip
    assert "last 0.2500, highest 0.2500" in chart, "the description says it in words"


def test_the_comparison_lists_errors_baselines_and_the_previous_model() -> None:
    table = comparison_table(run("b", METRICS), run("a", {"p@k(10)": 0.28}))
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]
    assert rows[0][:3] == ["metric", "model", "popularity"]
    assert rows[1] == ["precision@10 (held out)", "0.3000 ± 0.0100", "0.1000", "0.2000", "–", "0.2800"]  # noqa: RUF001
    assert "2,400 customers" in table


def test_a_files_name_never_becomes_markup() -> None:
    hostile = run("b", METRICS, "<script>alert(1)</script>")
    for drawn in (runs_chart([hostile], "p@k(10)", "b"), comparison_table(run("c", METRICS), hostile)):
        assert "<script" not in drawn
        assert "&lt;script&gt;" in drawn
