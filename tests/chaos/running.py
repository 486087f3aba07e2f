"""Running histories: one by its seed, or many; and making a failing one smaller."""

from collections import Counter
from dataclasses import dataclass, field, replace

from tests.chaos.faults import Fault
from tests.chaos.history import Plan, plan
from tests.chaos.oracle import Watch, judge
from tests.chaos.stage import staged
from tests.chaos.world import World


@dataclass(frozen=True)
class Outcome:
    """What came of one history."""

    plan: Plan
    violations: list[str]
    struck: Counter[Fault]
    strikes: list[str]
    trace: list[str]
    typed: Counter[str] = field(default_factory=Counter)
    obeyed: Counter[str] = field(default_factory=Counter)


def run(of: Plan, trace: bool = False) -> Outcome:
    """Live through a history and judge it."""
    world = World(of, trace)
    with staged(world):
        Watch(world)
        world.live_through()
        judge(world)
    weather = world.weather
    return Outcome(
        of, world.violations, weather.struck, weather.strikes, world.trace or [], world.typed, world.obeyed
    )


def run_seed(seed: int, trace: bool = False) -> Outcome:
    """Live through the history of a seed."""
    return run(plan(seed), trace)


def shrink(failing: Outcome, tries: int = 300) -> Outcome:
    """Take away drops, commands and faults for as long as something is still violated."""
    best = failing

    def attempt(smaller: Plan) -> bool:
        nonlocal best, tries
        if tries <= 0:
            return False
        tries -= 1
        outcome = run(smaller)
        if outcome.violations:
            best = outcome
        return bool(outcome.violations)

    for number in range(len(failing.plan.drops)):
        attempt(replace(best.plan, left_out=best.plan.left_out | {number}))
    for number in range(len(failing.plan.commands)):
        attempt(replace(best.plan, untyped=best.plan.untyped | {number}))
    for kind in [*Fault, *(f"{what} {number}" for what in ("outage", "quota") for number in range(2))]:
        attempt(replace(best.plan, muted=best.plan.muted | {kind}))
    size = len(best.strikes)
    while size >= 1:
        for begin in range(0, len(best.strikes), size):
            part = frozenset(best.strikes[begin : begin + size])
            if part and attempt(replace(best.plan, muted=best.plan.muted | part)):
                break
        else:
            size //= 2
    return best
