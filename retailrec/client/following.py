"""Following a run through the ledger until it ends."""

from collections.abc import Callable

from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec_shared.core.errors import one_line
from retailrec_shared.core.status import ENDED
from retailrec_shared.ledger.run import Run


def follow(stack: Stack, run: Run, show: Callable[[Run], None]) -> Run:
    """Poll a run and show it each time, until it is live or has ended; return it."""
    ledger = stack.ledger()
    show(run)
    while run.status not in ENDED:
        stack.pause()
        run = _present(ledger.get(run.run_id), run.run_id)
        show(run)
    return run


def _present(run: Run | None, run_id: str) -> Run:
    if run is None:
        raise Problem(f"Run {run_id} is no longer in the ledger: `retailrec runs` lists the runs.")
    return run


def choose(runs: list[Run], prefix: str) -> Run:
    """Return the run whose id begins with a prefix; raises Problem unless there is exactly one."""
    if not prefix.strip():  # an unset shell variable; with a single run, the empty prefix would match it
        raise Problem("No run is given: `retailrec runs` lists them.")
    found = [run for run in runs if run.run_id.startswith(prefix.lower())]
    if not found:
        raise Problem(f"There is no run {one_line(prefix, 40)}: `retailrec runs` lists them.")
    if len(found) > 1:
        listed = ", ".join(run.run_id for run in found[:5]) + (", …" if len(found) > 5 else "")
        raise Problem(f"Several runs begin with {prefix} ({listed}): give more characters of the id.")
    return found[0]
