"""`make chaos`: many histories, or one of them again with everything that happened in it."""

import argparse
import sys
import time
from collections import Counter

from tests.chaos.faults import Fault
from tests.chaos.running import Outcome, run, run_seed, shrink

STEP = 50


def main() -> int:
    """Run what is asked for; 1 if anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--histories", type=int, default=5000, help="how many, from the seed on")
    parser.add_argument("--seed", type=int, default=0, help="the first one's seed")
    parser.add_argument("--replay", type=int, metavar="SEED", help="one history, with its events")
    parser.add_argument("--shrink", action="store_true", help="make a failing history smaller first")
    asked = parser.parse_args()
    if asked.replay is not None:
        return _replay(asked.replay, asked.shrink)
    return _many(asked.seed, asked.histories)


def _many(first: int, count: int) -> int:
    struck: Counter[Fault] = Counter()
    typed: Counter[str] = Counter()
    obeyed: Counter[str] = Counter()
    failed: list[Outcome] = []
    begun = time.monotonic()
    for done, seed in enumerate(range(first, first + count), start=1):
        outcome = run_seed(seed)
        struck += outcome.struck
        typed += outcome.typed
        obeyed += outcome.obeyed
        if outcome.violations:
            failed.append(outcome)
            _say(f"history {seed}: {outcome.violations[0]}")
        if done % STEP == 0 or done == count:
            _say(f"{done} of {count} histories, {struck.total()} faults, {time.monotonic() - begun:.0f} s")
    for fault in Fault:
        _say(f"  {struck[fault]:8}  {fault}")
    for verb in sorted(typed):
        _say(f"  {typed[verb]:8}  retailrec {verb} typed, {obeyed[verb]} of them obeyed")
    _say(f"histories: {count}, faults: {sum(struck.values())}, violations: {len(failed)}")
    if failed:
        _report(shrink(failed[0]))
    return 1 if failed else 0


def _replay(seed: int, smaller: bool) -> int:
    outcome = run_seed(seed)
    if outcome.violations and smaller:
        outcome = shrink(outcome)
    _report(outcome)
    return 1 if outcome.violations else 0


def _report(outcome: Outcome) -> None:
    """Print a history, its events and what was violated."""
    again = run(outcome.plan, trace=True)
    for line in again.trace:
        _say(line)
    for number, drop in enumerate(outcome.plan.drops):
        if number not in outcome.plan.left_out:
            _say(f"dropped after {drop.at / 60:.1f} minutes: {drop.content} as {drop.key}")
    _say(f"faults: {dict(again.struck)}")
    for violation in again.violations:
        _say(f"VIOLATION {violation}")
    seed = outcome.plan.seed
    _say(
        f"seed {seed}; again: make chaos REPLAY={seed}"
        + (", smaller: SHRINK=yes" if again.violations else "")
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
