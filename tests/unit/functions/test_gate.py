"""The quality gate says why, or nothing."""

import math

import pytest

from approve_model.gate import Standards, caution, lift, objection
from tests.unit.command.runs import make_run

LAX = Standards(floor=0.0, tolerance=0.2, coverage_floor=0.0)
KIND = {"cleaning_profile": "retail", "split": "temporal"}
RUN = make_run("a" * 16, configuration=KIND)
SAME_FILE = make_run("b" * 16, configuration=KIND, metrics={"p@k(10)": 0.10})
OTHER_FILE = make_run(
    "b" * 16, configuration=KIND, metrics={"p@k(10)": 0.40, "p@k(10)_popularity": 0.10},
    upload=RUN.upload.model_copy(update={"etag": "e2"}),
)  # fmt: skip


def test_a_model_at_the_floor_passes() -> None:
    assert objection(RUN, {"p@k(10)": 0.05}, None, LAX._replace(floor=0.05)) is None


def test_a_model_below_the_floor_is_rejected_with_the_difference() -> None:
    reason = objection(RUN, {"p@k(10)": 0.0123}, None, LAX._replace(floor=0.05))
    assert reason == "Held-out p@k(10) is 0.0123, below the floor of 0.0500."


def test_a_model_without_the_metric_passes_only_without_a_floor() -> None:
    assert objection(RUN, {}, OTHER_FILE, LAX) is None
    reason = objection(RUN, {"p@k(10)_popularity": 0.9}, None, LAX._replace(floor=0.01))
    assert reason == "The training job reported no p@k(10)."


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["p@k(10)", "p@k(10)_popularity", "coverage@20"])
def test_what_is_no_number_holds_a_model(name: str, number: float) -> None:
    good = {"p@k(10)": 0.2, "p@k(10)_popularity": 0.1, "coverage@20": 0.5, "ndcg@20": math.nan}
    assert objection(RUN, good, SAME_FILE, LAX) is None
    reason = objection(RUN, good | {name: number}, SAME_FILE, LAX)
    assert reason is not None
    assert f"reported a {name} that is not a number" in reason


def test_a_model_worse_than_popularity_is_held_however_low_the_floor() -> None:
    assert objection(RUN, {"p@k(10)": 0.10, "p@k(10)_popularity": 0.10}, None, LAX) is None
    reason = objection(RUN, {"p@k(10)": 0.0999, "p@k(10)_popularity": 0.10}, None, LAX)
    assert reason is not None
    assert "recommending the most popular items to everybody reaches 0.1000" in reason


@pytest.mark.parametrize(("precision", "passes"), [(0.12, True), (0.081, True), (0.079, False)])
def test_on_the_same_rows_precisions_are_compared(precision: float, passes: bool) -> None:
    reason = objection(RUN, {"p@k(10)": precision}, SAME_FILE, LAX)
    assert (reason is None) is passes
    if reason:
        assert "was 0.1000 and is 0.0790 (on the same test rows), a fall of 21% where 20%" in reason


@pytest.mark.parametrize(("popularity", "doubted"), [(0.02, False), (0.031, False), (0.032, True)])
def test_on_other_rows_a_lower_lift_is_a_caution_and_holds_nothing(popularity: float, doubted: bool) -> None:
    # Fewer hits than the live model's 0.40, on rows that are harder for popularity as well.
    metrics = {"p@k(10)": 0.10, "p@k(10)_popularity": popularity}
    assert objection(RUN, metrics, OTHER_FILE, LAX) is None
    doubt = caution(RUN, metrics, OTHER_FILE, LAX.tolerance)
    assert (doubt is not None) is doubted
    if doubt:
        assert f"is 3.12 times popularity's, where the run {OTHER_FILE.run_id} had 4.00 times" in doubt


def test_figures_of_another_kind_of_test_are_not_compared() -> None:
    other = OTHER_FILE.model_copy(update={"configuration": KIND | {"split": "random"}})
    worse = {"p@k(10)": 0.010, "p@k(10)_popularity": 0.009}
    assert caution(RUN, worse, OTHER_FILE, LAX.tolerance)
    assert caution(RUN, worse, other, LAX.tolerance) is None
    mapped = SAME_FILE.model_copy(update={"configuration": KIND | {"column_mapping": "{}"}})
    assert objection(RUN, {"p@k(10)": 0.01}, SAME_FILE, LAX)
    assert objection(RUN, {"p@k(10)": 0.01}, mapped, LAX) is None


def test_a_marketplace_model_has_no_lift_and_is_not_held_for_that() -> None:
    assert lift({"p@k(10)": 0.1}) is None
    assert objection(RUN, {"p@k(10)": 0.1}, OTHER_FILE, LAX) is None
    assert caution(RUN, {"p@k(10)": 0.1}, OTHER_FILE, LAX.tolerance) is None


def test_a_model_that_recommends_few_items_is_held() -> None:
    narrow = {"p@k(10)": 0.2, "coverage@20": 0.004, "coverage@20_popularity": 0.5}
    reason = objection(RUN, narrow, None, LAX._replace(coverage_floor=0.01))
    assert reason == "Only 0.40% of the items are recommended to any customer, below the floor of 1.00%."
    assert objection(RUN, narrow | {"coverage@20": 0.01}, None, LAX._replace(coverage_floor=0.01)) is None
    assert objection(RUN, {"p@k(10)": 0.2}, None, LAX._replace(coverage_floor=0.01)) is None


def test_every_objection_to_a_model_is_named() -> None:
    reason = objection(
        RUN, {"p@k(10)": 0.01, "p@k(10)_popularity": 0.02}, SAME_FILE, Standards(0.05, 0.2, 0.0)
    )
    assert reason is not None
    assert all(words in reason for words in ("below the floor", "the most popular items", "live run"))
