"""The benchmark's results as tables for the screen."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def comparison_table(formats: Mapping[str, Mapping[str, Any]]) -> Table:
    """Show the tutorial's way beside ours, a line per format."""
    table = Table(title="The tutorial's steps against all our outputs (medians)")
    for heading in ("format", "tutorial", "ours", "times faster", "tutorial's peak", "our peak"):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    for name, found in formats.items():
        for label, part in ((name, ""), (f"{name}, start and imports included", "process_")):
            table.add_row(
                label,
                f"{found[f'seed_{part}seconds']:.2f} s",
                f"{found[f'our_{part}seconds']:.2f} s",
                f"{found[f'{part}speedup']:.1f}",
                f"{found['seed_peak_mb']:.0f} MB",
                f"{found['our_peak_mb']:.0f} MB",
            )
    return table


def scale_table(results: Sequence[Mapping[str, Any]]) -> Table:
    """Show how time and memory grow with the rows of a csv."""
    table = Table(title="Generated csv")
    for heading in ("rows", "seconds", "rows per second", "peak", "time per row"):
        table.add_column(heading, justify="right")
    for found in results:
        table.add_row(
            f"{found['rows']:,}",
            f"{found['seconds']:.2f}",
            f"{found['rows_per_second']:,}",
            f"{found['peak_mb']:.0f} MB",
            f"{found['time_per_row']:.2f}",
        )
    return table
