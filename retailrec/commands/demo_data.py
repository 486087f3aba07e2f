"""Which file the demo drops."""

from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from retailrec.client import places
from retailrec.commands.download import Unavailable, download_workbook

SEED = 41


class DemoData(NamedTuple):
    """A file, and where it came from, in a few words."""

    path: Path
    source: str


def choose_data(given: Path | None, screen: Console) -> DemoData:
    """Take the file that is given, else Online Retail II, present or downloaded, else one like it."""
    if given:
        return DemoData(given, "the file given")
    if places.PUBLIC_FILE.exists():
        return DemoData(places.PUBLIC_FILE, "Online Retail II (UCI)")
    screen.print("Looking for the public Online Retail II file", style="bold")
    try:
        download_workbook(places.PUBLIC_FILE, screen)
    except Unavailable as reason:
        screen.print(f"  Not to be had: {reason}.")
        return _generated(screen)
    return DemoData(places.PUBLIC_FILE, "Online Retail II (UCI), downloaded")


def _generated(screen: Console) -> DemoData:
    """Make a file, or take the one that an earlier demo made: the same bytes are the same run."""
    from retailrec.commands.generate import write_with_bar
    from retailrec.generate import Shape

    if not places.GENERATED_FILE.exists():
        write_with_bar(places.GENERATED_FILE, Shape.online_retail(), SEED, screen)
    screen.print(
        "GENERATED data: no real customer is in it. For real data: make demo DATA=FILE.", style="yellow"
    )
    return DemoData(places.GENERATED_FILE, f"generated in the shape of Online Retail II, seed {SEED}")
