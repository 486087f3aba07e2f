"""How a tuning job searches, and when it gives a training job up."""

import math
from typing import Any

import pytest

from local.sagemaker.errors import ServiceError
from local.sagemaker.tuning.search import Observation, Search
from local.sagemaker.tuning.space import read_space
from local.sagemaker.tuning.stopping import below_median

RANGES: dict[str, Any] = {
    "ContinuousParameterRanges": [
        {"Name": "rate", "MinValue": "0.001", "MaxValue": "1", "ScalingType": "Logarithmic"}
    ],
    "IntegerParameterRanges": [
        {"Name": "factors", "MinValue": "8", "MaxValue": "128", "ScalingType": "Linear"}
    ],
    "CategoricalParameterRanges": [{"Name": "algorithm", "Values": ["bpr", "als"]}],
}
SPACE = read_space(RANGES)


def height(tuned: dict[str, str]) -> float:
    """A hill whose top is at rate 0.03, 100 factors, als."""
    far = abs(math.log10(float(tuned["rate"]) / 0.03)) + abs(int(tuned["factors"]) - 100) / 60
    return (1.0 if tuned["algorithm"] == "als" else 0.7) - 0.3 * far


def search(jobs: int = 30, **changes: Any) -> Search:
    usual: dict[str, Any] = {"space": SPACE, "maximize": True, "at_random": False, "seed": 1}
    return Search(in_total=jobs, **usual | changes)


def climb(how: Search) -> list[Observation]:
    seen: list[Observation] = []
    for number in range(how.in_total):
        tuned = how.propose(seen, number)
        assert all(among.holds(tuned[name]) for name, among in SPACE.items())
        seen.append(Observation(tuned, height(tuned) if how.maximize else -height(tuned)))
    return seen


def best(seen: list[Observation]) -> float:
    return max(each.value or -9.0 for each in seen)


def test_a_search_learns_from_what_it_has_seen() -> None:
    bayesian = [best(climb(search(seed=seed))) for seed in range(5)]
    at_random = [best(climb(search(seed=seed, at_random=True))) for seed in range(5)]
    assert sum(bayesian) > sum(at_random)
    assert min(bayesian) > 0.8


def test_the_least_is_searched_for_too() -> None:
    seen = climb(search(maximize=False))
    assert min(each.value or 9.0 for each in seen) < -0.8


def test_one_seed_searches_one_way() -> None:
    assert climb(search(12)) == climb(search(12))
    assert climb(search(12)) != climb(search(12, seed=2))


def test_a_search_begins_in_the_middle() -> None:
    first = search().propose([], 0)
    assert float(first["rate"]) == pytest.approx(math.sqrt(0.001))
    assert first["factors"] == "68"


def test_jobs_that_run_at_once_try_different_things() -> None:
    seen = climb(search(12))[:11]
    running = Observation(search(12).propose(seen, 11))
    assert search(12).propose([*seen, running], 12) != dict(running.tuned)


def test_a_warm_start_begins_where_the_parent_was_best_and_ends_higher_sooner() -> None:
    parent = climb(search(20))
    known = max(parent, key=lambda each: each.value or 0)
    # The rows are others, on which all is lower: what the parent saw still says where to look.
    warm = search(6, parents=[Observation(each.tuned, (each.value or 0) + 0.5) for each in parent])
    assert warm.propose([], 0) == dict(known.tuned)
    assert best(climb(warm)) > best(climb(search(6)))


def test_of_the_same_rows_a_parents_values_hold_as_they_are() -> None:
    parent = climb(search(20))
    warm = search(5, parents=parent, identical=True)
    assert best(climb(warm)) >= best(parent) - 0.05


def test_what_a_parent_saw_outside_of_the_ranges_is_left_out() -> None:
    outside = Observation({"rate": "5", "factors": "64", "algorithm": "bpr"}, 9.0)
    unknown = Observation({"rate": "0.1", "factors": "64"}, 9.0)
    assert search(parents=[outside, unknown]).propose([], 0) == search().propose([], 0)


def wrong(kind: str, **changes: str) -> dict[str, Any]:
    given = {"Name": "x", "MinValue": "1", "MaxValue": "2"} | changes
    return {f"{kind}ParameterRanges": [given]}


@pytest.mark.parametrize(
    ("ranges", "word"),
    [
        ({}, "At least one"),
        (wrong("Integer", MinValue="one"), "not a valid number"),
        (wrong("Integer", MinValue="1.5"), "not a valid number"),
        (wrong("Continuous", MaxValue="nan"), "not a valid number"),
        (wrong("Continuous", MinValue="2"), "less than"),
        (wrong("Continuous", MinValue="0", ScalingType="Logarithmic"), "greater than 0"),
        (wrong("Continuous", ScalingType="ReverseLogarithmic"), "not supported"),
        (wrong("Continuous", Name="_tuning_x"), "must not begin with"),
        (wrong("Continuous") | wrong("Integer"), "several ranges"),
        ({"CategoricalParameterRanges": [{"Name": "x", "Values": ["a", "a"]}]}, "unique"),
        ({"AutoParameters": [{"Name": "x", "ValueHint": "1"}]}, "not supported"),
        (
            {"CategoricalParameterRanges": [{"Name": f"x{n}", "Values": ["a"]} for n in range(30)]}
            | wrong("Integer"),
            "At most 30",
        ),
    ],
)
def test_a_space_that_is_none_is_refused(ranges: dict[str, Any], word: str) -> None:
    with pytest.raises(ServiceError, match=word):
        read_space(ranges)


OTHERS = [[0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.3, 0.6, 0.9]]  # running averages at 2: 0.15, 0.3, 0.45


@pytest.mark.parametrize(
    ("values", "maximize", "expected"),
    [
        ([0.0, 0.29], True, True),
        ([0.0, 0.31], True, False),
        ([0.9, 0.29], True, True),  # the newest value counts, as AWS documents it
        ([0.0, 0.31], False, True),
        ([0.0, 0.29], False, False),
        ([0.0, 0.0, 0.0, 0.0], True, False),  # nobody came as far
        ([], True, False),
    ],
)
def test_a_job_below_the_median_of_the_others_running_averages_is_hopeless(
    values: list[float], maximize: bool, expected: bool
) -> None:
    assert below_median(values, OTHERS, maximize=maximize) is expected


def test_two_others_are_too_few_to_stop_early() -> None:
    assert not below_median([0.0, 0.0], OTHERS[:2], maximize=True)
