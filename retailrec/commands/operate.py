"""The operators' commands: each says what it will do, asks for confirmation at a terminal, and does it."""

import sys

from typer import Exit, confirm

from retailrec.client.following import choose
from retailrec.client.operating import Operator, headline
from retailrec.client.redriving import Redrive, queues, redrive
from retailrec.client.stack import Stack
from retailrec.views.screen import command, count, out, table
from retailrec_shared.core.status import IN_PROGRESS, RunStatus
from retailrec_shared.ledger.operators import STOPPED, current_stage
from retailrec_shared.ledger.run import Run


def retry(stack: str | None, prefix: str) -> None:
    """Continue a failed run from the stage that failed."""
    opened, run = _find(stack, prefix)
    if run.status in IN_PROGRESS and any(record.attempt > 1 for record in run.stages.values()):
        _print_result(f"Run {run.run_id} is {run.status} already again.", f"status {run.run_id}")
        return
    retried = Operator(opened).retry(run.run_id)
    stage = current_stage(retried) or ""
    _print_result(f"Run {run.run_id} continues from stage {stage}.", f"status {run.run_id}")


def approve(stack: str | None, prefix: str, yes: bool) -> None:
    """Approve a run that the quality gate rejected."""
    opened, run = _find(stack, prefix)
    if run.gate.overruled and run.status in IN_PROGRESS | {RunStatus.LIVE}:
        _print_result(f"Run {run.run_id} is already approved; it is {run.status}.", f"status {run.run_id}")
        return
    if run.status is RunStatus.MODEL_REJECTED:
        ask_to_confirm(
            f"The quality gate rejected run {headline(run)}: {run.outcome.reason} Deploy it anyway?", yes
        )
    Operator(opened).approve(run.run_id)
    _print_result(f"Run {run.run_id} is approved and continues.", f"status {run.run_id}")


def stop(stack: str | None, prefix: str, yes: bool) -> None:
    """Stop a run in progress."""
    opened, run = _find(stack, prefix)
    if run.status is RunStatus.FAILED and run.outcome.reason == STOPPED:
        _print_result(f"Run {run.run_id} is already stopped.", f"retry {run.run_id}")
        return
    if current_stage(run):
        ask_to_confirm(f"Stop run {headline(run)}, which is at stage {current_stage(run)}?", yes)
    stopped = Operator(opened).stop(run.run_id)
    jobs = " Its job is being stopped." if stopped.cleanup.jobs_to_stop else ""
    _print_result(
        f"Run {run.run_id} is stopped.{jobs} To continue it:", f"retry {run.run_id}", sentence=False
    )


def rollback(stack: str | None, prefix: str | None, yes: bool) -> None:
    """Make the run that was live before serve again."""
    opened = Stack.open(stack)
    operator = Operator(opened)
    live = operator.live()
    chosen = choose(list(opened.ledger().runs()), prefix) if prefix else None
    if chosen and live and chosen.run_id == live.run_id:
        out().print(f"Run {live.run_id} is already live: there is nothing to do.")
        return
    if live and live.rollout.rolled_back_from and chosen is None:
        out().print(
            f"Run {live.run_id} is live because an operator rolled back to it from "
            f"{live.rollout.rolled_back_from}: nothing was changed. "
            f"To go further back, name a run: {command()} rollback RUN"
        )
        return
    target, live = operator.roll_back_target(chosen.run_id if chosen else None)
    ask_to_confirm(f"Make run {headline(target)} live again instead of {headline(live)}?", yes)
    operator.roll_back(target, live)
    _print_result(
        f"Run {target.run_id} is live instead of {live.run_id}; the endpoint follows within one update. "
        "A file dropped later replaces it as usual.",
        "runs",
    )


def redrive_queues(stack: str | None, yes: bool) -> None:
    """Send the messages of the dead-letter queues back to where they came from."""
    opened = Stack.open(stack)
    waiting = queues(opened)
    listed = table("queue", ">messages")
    for queue in waiting:
        listed.add_row(queue.name, count(queue.messages))
    out().print(listed)
    if not any(queue.messages for queue in waiting):
        out().print("The queues are empty: there is nothing to send back.")
        return
    ask_to_confirm("Send them back to where they came from?", yes)
    results = [redrive(opened, queue) for queue in waiting if queue.messages]
    out().print(_outcome(results))
    for problem in (problem for result in results for problem in result.problems):
        out().print(problem)
    if any(result.problems for result in results):
        raise Exit(1)


def _outcome(results: list[Redrive]) -> object:
    listed = table("queue", "sent back to", ">messages")
    for result in results:
        for place, number in sorted(result.sent.items()):
            listed.add_row(result.queue, place, count(number))
        if result.left:
            listed.add_row(result.queue, "(left in the queue)", count(result.left))
    return listed


def _find(stack: str | None, prefix: str) -> tuple[Stack, Run]:
    opened = Stack.open(stack)
    run = choose(list(opened.ledger().runs()), prefix)
    return opened, opened.ledger().get(run.run_id) or run


def ask_to_confirm(question: str, yes: bool) -> None:
    """Ask for confirmation at a terminal; in a script the answer is yes."""
    if yes or not sys.stdin.isatty():
        out().print(question.removesuffix("?") + ": yes.", soft_wrap=True)
        return
    if not confirm(question):
        out().print("Nothing was done.")
        raise Exit(1)


def _print_result(done: str, then: str, sentence: bool = True) -> None:
    follow = f"Look at it: {command()} {then}" if sentence else f"{command()} {then}"
    out().print(f"{done} {follow}", soft_wrap=True)
