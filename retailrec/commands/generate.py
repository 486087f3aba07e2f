"""``retailrec generate``: generate a transaction file."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from retailrec.client.problems import Problem
from retailrec.generate import FORMATS, Shape, write
from retailrec.views.screen import command, count, out


def generate(path: Path, rows: int | None, seed: int) -> None:
    """Generate a file of this many rows, or of the size of Online Retail II."""
    if not path.name.endswith(FORMATS):
        raise Problem(f"{path.name} has no known format: use one of the suffixes {', '.join(FORMATS)}.")
    shape = Shape.of_rows(rows) if rows else Shape.online_retail()
    write_with_bar(path, shape, seed, out())
    out().print(f"Made {path}: {count(shape.rows)} rows, {count(path.stat().st_size)} bytes, seed {seed}.")
    out().print(f"Drop it: {command()} drop {path}")


def write_with_bar(path: Path, shape: Shape, seed: int, screen: Console) -> None:
    """Write a dataset, showing a bar; raises Problem for one that its format cannot hold."""
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TextColumn("rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task(f"Making {path.name}", total=shape.rows)
        try:
            write(path, shape, seed, lambda done, rows: progress.update(task, completed=done, total=rows))
        except ValueError as error:
            raise Problem(f"{error}.") from error
