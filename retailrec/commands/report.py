"""``retailrec report``: a run's quality report as a page in the browser."""

import webbrowser
from pathlib import Path

from retailrec.client.following import choose
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec.views.quality import find_quality, read_page, warning_lines
from retailrec.views.runs import SHORT_ID
from retailrec.views.screen import out
from retailrec_shared.ledger.run import Run


def report(stack: str | None, prefix: str, output: Path | None, open_it: bool) -> None:
    """Save a run's page, print its warnings, and open it."""
    opened = Stack.open(stack)
    run = choose(list(opened.ledger().runs()), prefix)
    path = output or Path(f"quality-report-{run.run_id[:SHORT_ID]}.html")
    if not save_page(opened, run, path):
        raise Problem(_why_none(run))
    quality = find_quality(opened, run)
    if quality and quality.warnings:
        out().print(warning_lines(quality))
    out().print(f"Quality report of {run.upload.key}: {path}", soft_wrap=True)
    if open_it and not webbrowser.open(path.resolve().as_uri()):
        out().print("No browser was found: open this file yourself.")


def save_page(stack: Stack, run: Run, path: Path) -> bool:
    """Save a run's page; return whether there is one."""
    page = read_page(stack, run)
    if page is None:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(page)
    return True


def _why_none(run: Run) -> str:
    why = run.outcome.reason or "it is not prepared yet, or was prepared by an earlier release"
    return f"Run {run.run_id} is {run.status} and has no quality report: {why.rstrip('.')}."
