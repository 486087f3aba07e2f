"""``retailrec retrain``: train again on the newest dataset, and follow the run."""

from retailrec.client.retraining import request_training
from retailrec.client.stack import Stack
from retailrec.commands.drop import follow_to_the_end
from retailrec.views.screen import command, out


def retrain(stack: str | None, force: bool, follow: bool) -> int:
    """Retrain; return the exit code: 0 the run is live or nothing had changed, 2 it ended otherwise."""
    opened = Stack.open(stack)
    with out().status("Waiting for the run to begin"):
        found = request_training(opened, force=force)
    run = found.run
    if found.before:
        out().print(
            f"Nothing has changed since run {run.run_id} was trained ({run.status}): neither the dataset nor "
            f"the settings. To train anyway: {command()} retrain --force",
            soft_wrap=True,
        )
        return 0
    if not follow:
        out().print(
            f"Run {run.run_id} trains on the newest dataset. Look at it: {command()} status {run.run_id}"
        )
        return 0
    return follow_to_the_end(opened, lambda: found)
