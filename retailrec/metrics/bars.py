"""Panels of whole models' metrics: bars for one run, lines over several."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from retailrec.metrics.measured import Measured
from retailrec.metrics.plot_style import INK, MODEL, MUTED, OWN, POPULARITY, Look, from_zero, say_empty
from retailrec.views.metrics import NDCG, PRECISION
from retailrec.views.runs import SHORT_ID, SHORT_TIME
from retailrec.views.screen import local_time

WIDTH = 0.27
MOST_NAMED = 12
GROUPS = (("all items", ""), ("new to the\ncustomer", "_new_items"))
IN_SAMPLE = "_in_sample"
IN_SAMPLE_LOOK = Look("white", "-", "")


class Side(NamedTuple):
    """The source of the measured lists: the ending of its metrics' names, and how it is drawn."""

    label: str
    ending: str
    look: Look
    hatch: str


TITLES = {PRECISION: "Precision at 10", NDCG: "NDCG at 20"}
OWN_LISTS = {
    PRECISION: Side("customer's own items", "_own_items", OWN, "..."),
    NDCG: Side("customer's newest items", "_own_recent", OWN, "..."),
}


def sides(name: str) -> tuple[Side, ...]:
    """List the sources that a metric is measured for, the model first."""
    return Side("model", "", MODEL, ""), Side("popularity", "_popularity", POPULARITY, "///"), OWN_LISTS[name]


def metric_bars(axes: Axes, name: str, metrics: Mapping[str, float]) -> None:
    """Draw a metric of one run's whole model next to its baselines."""
    axes.set_title(f"{TITLES[name]}, whole model")
    if name not in metrics:
        say_empty(axes, "The job reported none." if metrics else "Not measured yet.")
        return
    groups = [(label, ending) for label, ending in GROUPS if name + ending in metrics]
    for place, side in enumerate(sides(name)):
        keys = [name + side.ending + ending for _, ending in groups]
        bars = {group + (place - 1) * WIDTH: key for group, key in enumerate(keys) if key in metrics}
        if bars:
            _draw(axes, bars, metrics, side)
    labels = [label for label, _ in groups]
    if name + IN_SAMPLE in metrics:
        _draw(axes, {float(len(labels)): name + IN_SAMPLE}, metrics, Side("_", "", IN_SAMPLE_LOOK, ""))
        labels.append("in sample\n(no forecast)")
    axes.set_xticks(range(len(labels)), labels, color=INK)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    from_zero(axes, 1.35 * axes.dataLim.ymax)
    axes.legend(loc="upper left", fontsize=8.5)


def _draw(axes: Axes, bars: Mapping[float, str], metrics: Mapping[str, float], side: Side) -> None:
    """Draw the bars of one source, each with its value and its standard error."""
    heights = [metrics[key] for key in bars.values()]
    axes.bar(
        list(bars),
        heights,
        WIDTH * 0.94,
        color=side.look.colour,
        edgecolor="white" if side.hatch else MUTED,
        hatch=side.hatch,
        label=side.label,
    )
    for (place, key), height in zip(bars.items(), heights, strict=True):
        error = metrics.get(f"{key}_se", 0.0)
        if error:
            axes.errorbar([place], [height], yerr=error, fmt="none", ecolor=INK, capsize=2.5, linewidth=1.1)
        above: dict[str, Any] = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center"}
        axes.annotate(f"{height:.3f}", (place, height + error), fontsize=7.5, **above)


def over_runs(axes: Axes, name: str, runs: Sequence[Measured]) -> None:
    """Draw a metric over the runs, in the order of their uploads, next to its baselines."""
    axes.set_title(f"{TITLES[name]}, held out, whole models")
    if not any(name in each.metrics for each in runs):
        say_empty(axes, "None of these runs reported it.")
        return
    for side in sides(name):
        key = name + side.ending
        values = {place: each.metrics[key] for place, each in enumerate(runs) if key in each.metrics}
        errors = [runs[place].metrics.get(f"{key}_se", 0.0) for place in values]
        axes.errorbar(
            list(values),
            list(values.values()),
            yerr=errors if any(errors) else None,
            color=side.look.colour,
            linestyle=side.look.dash,
            marker=side.look.marker,
            markersize=5,
            linewidth=1.8,
            capsize=3,
            label=side.label if values else "_",
        )
    from_zero(axes, 1.2 * axes.dataLim.ymax)
    _name_runs(axes, runs)
    axes.legend(loc="upper left", ncols=3, fontsize=8.5, columnspacing=1.2)


def _name_runs(axes: Axes, runs: Sequence[Measured]) -> None:
    every = -(-len(runs) // MOST_NAMED)
    places = range(0, len(runs), every)
    named = [runs[place].run for place in places]
    texts = [f"{run.run_id[:SHORT_ID]}\n{local_time(run.upload.uploaded_at, SHORT_TIME)}" for run in named]
    crowded = len(texts) > 4
    turned: dict[str, Any] = {"rotation": 45, "ha": "right"} if crowded else {}
    axes.set_xticks(list(places), texts, fontsize=8, color=INK, **turned)
    axes.margins(x=0.08)
