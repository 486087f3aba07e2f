"""`make bench-quality` on a tiny file: it runs to its end, and the numbers have their names."""

import json
from pathlib import Path

import pytest

from benchmarks import quality
from benchmarks.models.algorithm_choice import shortfall
from retailrec.generate import Shape, write

MODELS = (
    "ours_bpr",
    "ours_bpr_without_times",
    "implicit_bpr",
    "implicit_bpr_tuned",
    "implicit_als",
    "ease",
    "auto",
    "popularity",
)
MEASURES = {"ndcg@20", "ndcg@20_se", "recall@20", "p@10", "fit_seconds"}


@pytest.mark.slow
def test_the_benchmark_measures_every_model(tmp_path: Path) -> None:
    source, out = tmp_path / "tiny.csv", tmp_path / "bench" / "quality.json"
    write(source, Shape.of_rows(6_000))
    quality.main(["--data", str(source), "--out", str(out), "--repetitions", "1", "--threads", "1"])
    result = json.loads(out.read_text())
    for name in MODELS:
        assert result[name].keys() >= MEASURES, name
        assert 0 <= result[name]["ndcg@20"] <= 1
    assert result["seconds_to_implicit_quality"] is None or result["seconds_to_implicit_quality"] > 0
    assert result["ndcg_ratio"] == result["ours_bpr"]["ndcg@20"] / result["implicit_bpr"]["ndcg@20"]
    assert result["implicit_bpr_tuned"]["hyperparameters"]["algorithm"] == "implicit-bpr"
    assert result["auto_errors_below_best_new_items"] >= 0


def test_auto_is_compared_with_the_best_candidate_of_each_kind() -> None:
    def found(new: float, again: float) -> dict[str, float]:
        return {
            "ndcg@20": new,
            "ndcg@20_se": 0.01,
            "ndcg@20_all_items_with_recency": again,
            "ndcg@20_all_items_with_recency_se": 0.02,
        }

    results = {"auto": found(0.2, 0.3), "one": found(0.2, 0.26), "other": found(0.1, 0.34)}
    fallen = shortfall(results, ("one", "other"))
    assert fallen["auto_errors_below_best_new_items"] == 0
    assert fallen["auto_errors_below_best_all_items"] == pytest.approx(2)


def test_a_candidate_that_could_not_be_compared_is_no_best() -> None:
    measured = {
        "ndcg@20": 0.1,
        "ndcg@20_se": 0.01,
        "ndcg@20_all_items_with_recency": 0.5,
        "ndcg@20_all_items_with_recency_se": 0.02,
    }
    results = {"auto": measured, "one": measured, "ease": {"left_out": "too many items"}}
    assert set(shortfall(results, ("one", "ease")).values()) == {0.0}
