"""A run's stages on the screen: live bars in a terminal, plain lines elsewhere."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from retailrec.client.searching import Search
from retailrec.views.screen import seconds
from retailrec.views.stages import StageView, State, view_stages
from retailrec_shared.core.status import Stage
from retailrec_shared.ledger.run import Run

BAR_WIDTH = 24
SIGNS = {
    State.PENDING: ("·", "dim"),
    State.RUNNING: ("▸", "cyan"),
    State.WAITING: ("…", "yellow"),
    State.DONE: ("✓", "green"),
    State.STOPPED: ("✗", "red"),
    State.NOT_NEEDED: ("-", "dim"),
}


class StageScreen(Protocol):
    """A display that is updated with a run."""

    def show(self, run: Run, search: Search | None = None) -> None:
        """Show the run's state, and the progress of its search, if it has one."""


def stage_screen(console: Console) -> "AbstractContextManager[StageScreen]":
    """Choose how to show stages on a console."""
    return LiveStages(console) if console.is_terminal else PlainStages(console)


class LiveStages:
    """A line with a bar for each stage, redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._run: Run | None = None
        self._search: Search | None = None
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, run: Run, search: Search | None = None) -> None:
        """Draw the run; times advance between calls."""
        self._run, self._search = run, search
        self._live.refresh()

    def _draw(self) -> Table:
        return draw_stages(self._run, datetime.now(UTC), self._search)


def draw_stages(run: Run | None, now: datetime, search: Search | None = None) -> Table:
    """Draw a run's stages, one line each."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "left", "right", "left"):
        grid.add_column(justify=justify)
    for view in view_stages(run, now) if run else ():
        sign, style = SIGNS[view.state]
        here = search if view.stage is Stage.TRAIN and view.state is State.RUNNING else None
        note = view.note or str(here or ("" if view.state is State.DONE else view.state.value))
        bar = _search_bar(here) if here else _bar(view)
        grid.add_row(
            Text(f"  {sign}", style), view.stage.value, bar, seconds(view.seconds), Text(note, style)
        )
    return grid


def _bar(view: StageView) -> ProgressBar:
    """Draw a bar: full when done, moving while running, because the progress of a job is not known."""
    done = view.state in {State.DONE, State.STOPPED}
    return ProgressBar(
        total=1,
        completed=1 if done else 0,
        width=BAR_WIDTH,
        pulse=view.state is State.RUNNING,
        finished_style=SIGNS[view.state][1],
        pulse_style="cyan",
    )


def _search_bar(search: Search) -> ProgressBar:
    """Draw the share of a search's training jobs that have ended."""
    return ProgressBar(total=search.total, completed=search.ended, width=BAR_WIDTH, complete_style="cyan")


class PlainStages:
    """A line whenever a stage changes, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[Stage, tuple[State, str | None]] = {}
        self._search: Search | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, run: Run, search: Search | None = None) -> None:
        """Write the stages that have changed since the last call, and the progress of a search."""
        for view in view_stages(run, datetime.now(UTC)):
            now = (view.state, view.note)
            if self._shown.get(view.stage, (State.PENDING, None)) != now:
                self._shown[view.stage] = now
                self._console.print(f"  {view.stage.value:<8} {_say(view)}")
        if search and search != self._search:
            self._search = search
            self._console.print(f"  {Stage.TRAIN.value:<8} {search}")


def _say(view: StageView) -> str:
    if view.state is State.DONE and view.seconds is not None:
        return f"done in {seconds(view.seconds)}"
    return f"{view.state.value}: {view.note}" if view.note else view.state.value
