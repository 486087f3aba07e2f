"""``retailrec metrics``: the metrics of trainings, as tables and as a plot."""

import json
from itertools import islice
from pathlib import Path

from retailrec.client.following import choose
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.metrics.measured import Measured
from retailrec.metrics.reading import Reader
from retailrec.metrics.saving import picture_kind, save
from retailrec.metrics.tables import across, notes, one_run
from retailrec.views.runs import SHORT_ID
from retailrec.views.screen import command, complain, out
from retailrec_shared.core.status import ENDED
from retailrec_shared.ledger.run import Run


def metrics(
    stack: str | None, prefixes: list[str], last: int | None, every: bool, plot: Path | None, as_json: bool
) -> None:
    """Show the metrics of some runs, and plot them if a file is given."""
    kind = picture_kind(plot) if plot else None
    if bool(prefixes) + every + (last is not None) != 1:
        raise Problem(f"Name runs (`{command()} runs` lists them), or give --last N, or --all.")
    opened = Stack.open(stack)
    found = _named(opened, prefixes) if prefixes else newest(opened, last)
    if as_json:
        out().print_json(json.dumps([each.document() for each in found]))
    else:
        out().print(one_run(found[0]) if len(found) == 1 else across(found))
    for note in notes(found):
        complain(note)
    if plot and kind:
        save(plot, kind, found)
        if not as_json:
            out().print(f"\nPicture: {plot}", soft_wrap=True)


def _named(stack: Stack, prefixes: list[str]) -> list[Measured]:
    runs = list(stack.ledger().runs())
    chosen = {run.run_id: run for run in (choose(runs, prefix) for prefix in prefixes)}
    reader = Reader(stack)
    found = [reader.read(run) for run in chosen.values()]
    for each in found:
        if not each.known:
            raise Problem(_why_none(each.run))
    return _in_order(found)


def newest(stack: Stack, last: int | None) -> list[Measured]:
    """Read the newest runs that have metrics, at most ``last``; the oldest of them comes first."""
    reader = Reader(stack)
    known = (each for each in map(reader.read, stack.ledger().runs()) if each.known)
    found = list(islice(known, last))
    if not found:
        raise Problem(f"No run has metrics yet: `{command()} runs` shows how far each has come.")
    return _in_order(found)


def _in_order(found: list[Measured]) -> list[Measured]:
    return sorted(found, key=lambda each: each.run.order)


def _why_none(run: Run) -> str:
    short = run.run_id[:SHORT_ID]
    if run.status in ENDED:
        why = (run.outcome.reason or "it ended before its training").rstrip(".")
        return f"Run {run.run_id} is {run.status} and has no metrics: {why}."
    look = f"`{command()} status {short}` shows how far it is"
    return f"Run {run.run_id} is {run.status} and has no metrics yet: {look}."
