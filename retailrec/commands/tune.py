"""``retailrec tune``: search for better hyperparameters on the data of an earlier run."""

from retailrec.client.following import choose
from retailrec.client.operating import Operator, headline
from retailrec.client.stack import Stack
from retailrec.client.tuning import begin, copy_data, tuned_run
from retailrec.commands.boundary import INTERRUPTED
from retailrec.commands.drop import NOT_LIVE, follow_run, print_outcome
from retailrec.commands.operate import ask_to_confirm
from retailrec.views.screen import command, out
from retailrec.views.steps import Steps
from retailrec_shared.core.status import ENDED, LIVE_OR_SUPERSEDED, RunStatus
from retailrec_shared.ledger.run import Run


def tune(
    stack: str | None, prefix: str, jobs: int | None, parallel: int | None, yes: bool, follow: bool
) -> int:
    """Start the run that searches, and follow it; return the exit code: 0 live, 2 ended otherwise."""
    opened = Stack.open(stack)
    run = choose(list(opened.ledger().runs()), prefix)
    in_total = jobs or int(opened.parameters.get("TuningJobsInTotal", "20"))
    at_once = parallel or int(opened.parameters.get("TuningJobsInParallel", "2"))
    made = tuned_run(opened.ledger().get(run.run_id) or run, Operator(opened).live(), in_total, at_once)
    known = opened.ledger().get(made.run_id)
    if known is None:
        ask_to_confirm(_question(opened, run, made), yes)
        known = _begin(opened, run, made)
    if known.status in ENDED:
        out().print(f"This search was made before: run {known.run_id} is {known.status}; nothing was done.")
        if known.outcome.next_step:
            out().print(f"  {known.outcome.next_step}", soft_wrap=True)
        return 0 if known.status in LIVE_OR_SUPERSEDED else NOT_LIVE
    if not follow:
        out().print(f"Run {known.run_id} searches. Look at it: {command()} status {known.run_id}")
        return 0
    return _follow(opened, known)


def _question(stack: Stack, run: Run, made: Run) -> str:
    jobs = made.configuration["tuning_jobs_in_total"]
    at_once = made.configuration["tuning_jobs_in_parallel"]
    instance = stack.parameters.get("TrainingInstanceType", "ml.m5.xlarge")
    where = "this machine" if stack.cloud else instance
    return f"Train {jobs} times, {at_once} at once, on {where}, to better run {headline(run)}?"


def _begin(stack: Stack, run: Run, made: Run) -> Run:
    """Copy the data before the run exists: a run in the ledger must have all it needs."""
    with Steps(out()) as steps:
        steps.say(f"Copying the data of run {run.run_id}")
        copy_data(stack, run.run_id, made.run_id)
    return begin(stack, made)


def _follow(stack: Stack, run: Run) -> int:
    out().print(f"Run {run.run_id} searches on the data of run {run.tuning.source_run}")
    try:
        ended = follow_run(stack, run, out())
    except KeyboardInterrupt:
        out().print(f"\nThe run continues in the background. Look at it: {command()} status {run.run_id}")
        return INTERRUPTED
    print_outcome(ended, False, out())
    if ended.tuning.found:
        found = ", ".join(f"{name} {value}" for name, value in sorted(ended.tuning.found.items()))
        out().print(f"  It found {found}", soft_wrap=True)
    return 0 if ended.status is RunStatus.LIVE else NOT_LIVE
