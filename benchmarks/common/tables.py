"""The benchmark's results as tables for the screen."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def comparison_table(formats: Mapping[str, Mapping[str, Any]]) -> Table:
    """Show the tutorial's way next to ours, a line for each format."""
    table = Table(title="The tutorial's steps against all our outputs (medians)")
    for heading in ("format", "tutorial", "ours", "times faster", "tutorial's peak", "our peak"):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    for name, found in formats.items():
        for label, part in ((name, ""), (f"{name}, without start and imports", "steps_")):
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


def quality_table(results: Mapping[str, Any]) -> Table:
    """Show every model's measures, the best NDCG first."""
    soon = results["seconds_to_implicit_quality"]
    caption = (
        "Our BPR did not reach implicit's NDCG."
        if soon is None
        else (
            f"Our BPR is as good as implicit's after {soon:.2f} s; own_recency is each customer's last items."
        )
    )
    table = Table(title="Items new to the customer, and all items", caption=caption)
    for heading in (
        "model",
        "NDCG@20",
        "± error",
        "recall@20",
        "p@10",
        "all items",
        "with recency",
        "seconds",
    ):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    models = {
        name: found
        for name, found in results.items()
        if isinstance(found, Mapping) and ("p@10" in found or name == "own_recency")
    }
    for name, found in sorted(models.items(), key=lambda each: -each[1].get("ndcg@20", 0)):
        digits = [f"{found[key]:.4f}" if key in found else "" for key in _QUALITY]
        seconds = f"{found['fit_seconds']:.1f}" if "fit_seconds" in found else ""
        table.add_row(f"{name} ({found['chose']})" if "chose" in found else name, *digits, seconds)
    return table


_QUALITY = (
    "ndcg@20",
    "ndcg@20_se",
    "recall@20",
    "p@10",
    "ndcg@20_all_items",
    "ndcg@20_all_items_with_recency",
)
