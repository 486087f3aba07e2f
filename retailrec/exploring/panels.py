"""Panels of a quality report's figures."""

from typing import Any

from matplotlib.axes import Axes

from retailrec.metrics.plot_style import MODEL

TICKS = 3


def timeline(axes: Axes, data: dict[str, Any]) -> None:
    """Draw the rows by day, week, month or year."""
    periods = data["periods"]
    rows = [each["interactions"] for each in periods]
    axes.fill_between(range(len(rows)), rows, color=MODEL.colour, alpha=0.75)
    ticks = range(0, len(periods), max(1, len(periods) // TICKS))
    axes.set_xticks(list(ticks), [periods[place]["start"][:7] for place in ticks])
    axes.set(title=f"Rows by {data['unit']}", ylabel="rows", ylim=(0, None))


def long_tail(axes: Axes, data: dict[str, Any]) -> None:
    """Draw how often each item was bought, the most bought first."""
    ranks = [each["rank"] for each in data["points"]]
    axes.loglog(ranks, [each["interactions"] for each in data["points"]], color=MODEL.colour)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    share = data["top_10_percent"]
    axes.set(title=f"A tenth of items: {share:.0%} of rows", xlabel="item, by rank", ylabel="rows")


def activity(axes: Axes, data: dict[str, Any]) -> None:
    """Draw how many rows customers have."""
    bins = data["bins"]
    axes.bar(range(len(bins)), [each["customers"] for each in bins], color=MODEL.colour)
    axes.set_xticks(range(0, len(bins), 2), [str(each["least"]) for each in bins[::2]])
    title = f"Median customer: {data['median']:g} rows"
    axes.set(title=title, xlabel="rows of a customer, at least", ylabel="customers")
