"""``retailrec sam-env`` and ``retailrec events``."""

import shlex
from pathlib import Path

from retailrec.client import laptop
from retailrec.client.paths import need_repository
from retailrec.client.problems import Problem
from retailrec.client.sessions import local_session
from retailrec.client.stack import NO_CLOUD
from retailrec.views.screen import out
from retailrec.views.steps import Steps


def sam_env() -> None:
    """Build for Lambda, write a template and events for the local cloud, and print the next commands."""
    need_repository()
    from local.samlocal.preparation import prepare

    running = laptop.running()
    if running is None:
        raise Problem(NO_CLOUD)
    with Steps(out()) as steps:
        steps.say("Building the application for Lambda, and a proxy from Docker to the local cloud")
        folder = prepare(running, local_session(running)).parent
    sam = ".venv-sam/bin/sam" if Path(".venv-sam/bin/sam").exists() else "sam"
    event = shlex.quote(str(_near(folder / "events" / "schedule.json")))
    out().print("\nNext:")
    for line in (f"invoke ReconcileRunsFunction --event {event}", "start-api"):
        out().print(f"  {sam} local {line}", soft_wrap=True)


def events(folder: Path) -> None:
    """Write the example events, with values that exist nowhere."""
    from local.samlocal.preparation import write_events
    from local.samlocal.values import Values

    write_events(folder, Values())
    out().print(f"The examples are in {folder}.")


def _near(path: Path) -> Path:
    """Shorten a path below the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
