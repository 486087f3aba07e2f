"""Output to the terminal: consoles, tables, numbers and times."""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from retailrec_shared.core.errors import UNSAFE

MAX_WIDTH = 100


def _width() -> int:
    terminal = shutil.get_terminal_size((MAX_WIDTH, 25)).columns  # also reads COLUMNS
    return min(terminal, MAX_WIDTH)


class _Careful(Console):
    """A console without control characters: an object's key or an item's name may hold escape sequences."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=_harmless(segment.text))


def _harmless(text: str) -> str:
    return "\n".join(UNSAFE.sub("\ufffd", line) for line in text.split("\n"))


def console(**options: Any) -> Console:
    """Make a console without markup or emoji codes: item names may hold brackets and colons."""
    return _Careful(**{"width": _width(), "highlight": False, "markup": False, "emoji": False} | options)


@cache
def out() -> Console:
    """Return the console of results and progress: stdout, at most 100 columns wide."""
    return console()


def complain(sentence: str) -> None:
    """Write one red sentence to stderr."""
    console(stderr=True).print(sentence, style="bold red", soft_wrap=True)


def table(*columns: str) -> Table:
    """Make an empty table in the common style; a column that starts with ``>`` holds numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    return made


def titled(title: str, body: RenderableType, caption: str | None = None) -> Group:
    """Put a title above and a caption below, as wide as the screen."""
    below = [Text(caption, "dim")] if caption else []
    return Group(Text(title, "bold underline"), body, *below)


def count(number: int | None) -> str:
    """Write a whole number with a comma between thousands."""
    return "" if number is None else f"{number:,}"


def seconds(number: float | None) -> str:
    """Write a duration: ``7.3 s``, ``4 min 05 s``."""
    if number is None:
        return ""
    if number < 60:
        return f"{number:.1f} s"
    minutes, left = divmod(round(number), 60)
    return f"{minutes} min {left:02d} s"


def score(number: float) -> str:
    """Write a score with four significant digits, and a count as a whole number."""
    return count(int(number)) if number.is_integer() and number >= 1 else f"{number:.4g}"


def local_time(timestamp: str, form: str = "%Y-%m-%d %H:%M") -> str:
    """Write a ledger's timestamp in the local time zone, to the minute."""
    return datetime.fromisoformat(timestamp).astimezone().strftime(form)


def command() -> str:
    """Return how to call this command in the reader's shell."""
    installed = Path(sys.executable).with_name("retailrec")
    if shutil.which("retailrec") == str(installed):
        return "retailrec"
    relative = os.path.relpath(installed if installed.exists() else sys.executable)
    return relative if installed.exists() else f"{relative} -m retailrec"


@contextmanager
def transfer_bar(console: Console, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar; call the yielded function with the number of bytes of each chunk."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("  {task.description}"), BarColumn(24), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda sent: progress.advance(task, sent)
