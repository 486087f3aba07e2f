"""A progress bar for uploads and downloads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn


@contextmanager
def transfer_bar(console: Console, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar; call the yielded function with the number of bytes of each chunk."""
    columns = (TextColumn("  {task.description}"), BarColumn(24), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda sent: progress.advance(task, sent)
