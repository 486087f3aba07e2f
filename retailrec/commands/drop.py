"""``retailrec drop``: upload a file and follow its run to the end."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from retailrec.client.dropping import Drop, DroppedRun, await_run, upload
from retailrec.client.following import follow
from retailrec.client.searching import with_search
from retailrec.client.stack import Stack
from retailrec.client.waiting import reason
from retailrec.commands.boundary import INTERRUPTED
from retailrec.views.screen import command, console, out, seconds, transfer_bar
from retailrec.views.stage_screen import stage_screen
from retailrec.views.stages import seconds_taken
from retailrec_shared.core.status import ENDED, SUCCESSFUL, RunStatus
from retailrec_shared.ledger.run import Run

NOT_LIVE = 2  # exit code: the run ended and is not live


def drop(stack: Stack, path: Path, key: str, follow_run: bool, mapping: str | None = None) -> int:
    """Drop a file; return the exit code: 0 live or collected, 2 ended otherwise, 130 after Ctrl-C."""
    dropped = upload_with_bar(stack, path, key, out(), mapping)
    if not follow_run:
        out().print(f"Uploaded as {dropped.key}. Look at its run: {command()} runs")
        why = reason(stack, timedelta())
        if why:
            out().print(why, soft_wrap=True)
        return 0
    return follow_to_the_end(stack, lambda: find(stack, dropped, out()))


def follow_to_the_end(stack: Stack, begin: Callable[[], DroppedRun]) -> int:
    """Follow the run that begins, print how it ended, and return the exit code."""
    run_id = ""
    try:
        found = begin()
        run_id = found.run.run_id
        run = follow_on(stack, found, out())
    except KeyboardInterrupt:
        look = f"status {run_id}" if run_id else "runs"
        out().print(f"\nThe run continues in the background. Look at it: {command()} {look}")
        return INTERRUPTED
    print_outcome(run, found.before, out())
    return 0 if run.status in SUCCESSFUL else NOT_LIVE


def upload_with_bar(stack: Stack, path: Path, key: str, screen: Console, mapping: str | None = None) -> Drop:
    """Upload a file, and its column mapping before it, showing a bar."""
    with transfer_bar(screen, f"Uploading {path.name}", path.stat().st_size) as sent:
        dropped = upload(stack, path, key, sent, mapping)
    screen.print(f"Dropped {path.name} into {stack.output('RawBucket')}", style="bold")
    return dropped


def find(stack: Stack, dropped: Drop, screen: Console) -> DroppedRun:
    """Wait for the run of a drop, with a spinner; print why it takes longer than usual."""
    with screen.status("Waiting for the run to begin"):
        return await_run(stack, dropped, lambda why: screen.print(why, soft_wrap=True))


def follow_on(stack: Stack, found: DroppedRun, screen: Console) -> Run:
    """Follow a run that has not ended, showing its stages; return it when it has."""
    if found.run.status in ENDED:
        return found.run
    again = " (the same bytes were dropped before)" if found.before else ""
    screen.print(f"Run {found.run.run_id}{again}")
    return follow_run(stack, found.run, screen)


def follow_run(stack: Stack, run: Run, screen: Console) -> Run:
    """Follow a run that has not ended, showing its stages; return it when it has."""
    with stage_screen(screen) as stages:
        return follow(stack, run, with_search(stack, stages.show))


def print_outcome(run: Run, before: bool, screen: Console) -> None:
    """Print how a run ended, and what to do."""
    if run.status is RunStatus.LIVE:
        screen.print(Text(_success(run, before), "bold green"))
        return
    if run.status is RunStatus.COLLECTED and not before:
        screen.print(
            Text(f"Run {run.run_id} is collected. {run.outcome.reason}", "bold green"), soft_wrap=True
        )
        return
    if before:
        outcome = f"The same bytes were dropped before: run {run.run_id} is {run.status}; nothing was done."
    else:
        outcome = f"Run {run.run_id} ended as {run.status}."
    errors = console(stderr=True)
    errors.print(outcome, style="bold red")
    for line in (
        run.outcome.reason,
        run.outcome.next_step or _again(run) if before else run.outcome.next_step,
    ):
        if line:
            errors.print(f"  {line}")


def _success(run: Run, before: bool) -> str:
    if before:
        return f"The same bytes were dropped before: run {run.run_id} is live; nothing to do."
    since = "it was requested" if run.tuning.requested_at else "the upload"
    return f"Run {run.run_id} is live, {seconds(seconds_taken(run))} after {since}."


def _again(run: Run) -> str:
    return f"To run it again, drop it under another name: {command()} drop FILE --key again-{run.upload.key}"
