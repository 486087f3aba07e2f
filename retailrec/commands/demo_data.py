"""Which file the demo drops."""

from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from retailrec.client import paths
from retailrec.commands.download import Unavailable, download_workbook

SEED = 41


class DemoData(NamedTuple):
    """A file, and where it came from, in a few words."""

    path: Path
    source: str


def choose_data(given: Path | None, screen: Console) -> DemoData:
    """Choose the given file, else Online Retail II, present or downloaded, else a generated one like it."""
    if given:
        return DemoData(given, "the file given")
    if paths.PUBLIC_FILE.exists():
        return DemoData(paths.PUBLIC_FILE, "Online Retail II (UCI)")
    screen.print("Downloading the public Online Retail II file", style="bold")
    try:
        download_workbook(paths.PUBLIC_FILE, screen)
    except Unavailable as reason:
        screen.print(f"  Not available: {reason}.")
        return _generated(screen)
    return DemoData(paths.PUBLIC_FILE, "Online Retail II (UCI), downloaded")


def _generated(screen: Console) -> DemoData:
    """Generate a file, or take that of an earlier demo: the same bytes are the same run."""
    from retailrec.commands.generate import write_with_bar
    from retailrec.generate import Shape

    if not paths.GENERATED_FILE.exists():
        write_with_bar(paths.GENERATED_FILE, Shape.online_retail(), SEED, screen)
    screen.print(
        "GENERATED data, without real customers. For your own data: make demo DATA=FILE.", style="yellow"
    )
    return DemoData(paths.GENERATED_FILE, f"generated in the shape of Online Retail II, seed {SEED}")
