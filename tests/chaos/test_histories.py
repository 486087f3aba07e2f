"""Histories full of faults; what must hold of each is in oracle.py."""

from functools import cache

import pytest

from local.sagemaker.iam.policies import Access
from tests.chaos.faults import Fault
from tests.chaos.running import Outcome, run_seed
from tests.policies import calls

CHUNK = 20
# `make test`, `make test-slow` and `make soak` each go on where the one before it ends.
QUICK, SLOW, SOAK = 20, 120, 2100


@cache
def outcomes(first: int) -> tuple[Outcome, ...]:
    return tuple(run_seed(seed) for seed in range(first, first + CHUNK))


def check(first: int) -> None:
    for outcome in outcomes(first):
        assert not outcome.violations, f"see it: make chaos REPLAY={outcome.plan.seed} SHRINK=yes"


@pytest.mark.parametrize("first", range(0, QUICK, CHUNK))
def test_nothing_is_lost_and_nothing_is_wrong(first: int) -> None:
    check(first)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(QUICK, SLOW, CHUNK))
def test_nor_in_more(first: int) -> None:
    check(first)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(SLOW, SOAK, CHUNK))
def test_nor_in_two_thousand_more(first: int) -> None:
    check(first)


def test_a_seed_is_the_same_history_every_time() -> None:
    once, again = run_seed(11, trace=True), run_seed(11, trace=True)
    assert once.trace == again.trace
    assert len(once.trace) > 50


@pytest.mark.slow
def test_every_kind_of_fault_strikes() -> None:
    struck = {fault for first in range(0, SLOW, CHUNK) for each in outcomes(first) for fault in each.struck}
    assert struck == set(Fault)


def test_a_call_that_a_role_does_not_allow_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal_of(function: str, access: Access) -> str | None:
        forbidden = (function, access.action) == ("start_training", "dynamodb:UpdateItem")
        return "no policy allows it" if forbidden else None

    monkeypatch.setattr(calls, "refusal_of", refusal_of)
    (violation,) = run_seed(11).violations
    assert "start_training may not dynamodb:UpdateItem on" in violation
