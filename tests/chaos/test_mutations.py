"""Tests of the test: each deliberate bug is found within a few histories."""

import pytest

from tests.chaos import mutations
from tests.chaos.mutations import Mutation, mutated
from tests.chaos.running import run_seed, shrink

HISTORIES = 200
QUICK = (  # which the first history or two find
    mutations.order_by_run_id,
    mutations.pointer_before_status,
    mutations.published_nothing,
    mutations.live_undeployed,
    mutations.job_names_drawn,
    mutations.models_stay,
)
SLOW = (
    mutations.waiting_runs_are_forgotten,
    mutations.gate_open,
    mutations.position_forgotten,
)


def name_of(mutation: Mutation) -> str:
    return mutation.__name__


def check(mutation: Mutation) -> None:
    with mutated(mutation):
        assert any(run_seed(seed).violations for seed in range(HISTORIES)), mutation.__doc__


@pytest.mark.parametrize("mutation", QUICK, ids=name_of)
def test_a_deliberate_bug_is_found(mutation: Mutation) -> None:
    check(mutation)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", SLOW, ids=name_of)
def test_so_is_one_that_takes_some_histories(mutation: Mutation) -> None:
    check(mutation)


@pytest.mark.soak
@pytest.mark.parametrize(
    "mutation", [each for each in mutations.ALL if each not in QUICK + SLOW], ids=name_of
)
def test_and_so_is_every_other(mutation: Mutation) -> None:
    check(mutation)


@pytest.mark.slow
def test_a_failing_history_shrinks_to_what_it_needs() -> None:
    with mutated(mutations.exists_is_a_failure):
        failing = next(outcome for outcome in map(run_seed, range(HISTORIES)) if outcome.violations)
        small = shrink(failing)
    assert small.violations
    assert sum(small.struck.values()) <= sum(failing.struck.values()) / 10
