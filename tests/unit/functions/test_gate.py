"""The quality gate says why, or nothing."""

from approve_model.gate import objection


def test_a_model_at_the_floor_passes() -> None:
    assert objection({"p@k(10)": 0.05}, 0.05) is None


def test_a_model_below_the_floor_is_told_by_how_much() -> None:
    assert objection({"p@k(10)": 0.0123}, 0.05) == "Held-out p@k(10) is 0.0123, below the floor of 0.0500."


def test_a_model_without_the_metric_passes_only_without_a_floor() -> None:
    assert objection({}, 0.0) is None
    assert objection({"p@k(10)_popularity": 0.9}, 0.01) == "The training job reported no p@k(10)."
