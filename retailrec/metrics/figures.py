"""Plots of metrics: of one run, or of several."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from retailrec.metrics.bars import metric_bars, over_runs
from retailrec.metrics.curves import others_of, precision_of, precision_of_several
from retailrec.metrics.measured import Measured, algorithm
from retailrec.metrics.plot_style import MUTED, styled
from retailrec.views.metrics import NDCG, PRECISION
from retailrec.views.runs import SHORT_ID
from retailrec.views.screen import count, local_time

SIZE = (11.0, 7.6)
DOTS_PER_INCH = 150
COUNTED = ("interactions", "customers", "items")


def draw(runs: Sequence[Measured]) -> Figure:
    """Draw one run, or several; the oldest upload comes first."""
    with styled():
        return _one(runs[0]) if len(runs) == 1 else _several(runs)


def render(figure: Figure, kind: str) -> bytes:
    """Write a plot as png, svg or pdf."""
    with styled(), BytesIO() as paper:
        undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        figure.savefig(paper, format=kind, dpi=DOTS_PER_INCH, metadata=undated)
        return paper.getvalue()


def _one(measured: Measured) -> Figure:
    run = measured.run
    figure = Figure(figsize=SIZE, layout="constrained")
    grid = figure.add_gridspec(2, 12, height_ratios=(1.15, 1.0))
    precision_of(figure.add_subplot(grid[0, :9]), measured)  # the remaining columns are for its labels
    others_of(figure.add_subplot(grid[1, :4]), measured)
    for place, name in ((grid[1, 4:8], PRECISION), (grid[1, 8:], NDCG)):
        metric_bars(figure.add_subplot(place), name, measured.metrics)
    _head(figure, f"Run {run.run_id[:SHORT_ID]} of {_short(run.upload.key)}", _facts(measured))
    return figure


def _several(runs: Sequence[Measured]) -> Figure:
    figure = Figure(figsize=SIZE, layout="constrained")
    grid = figure.add_gridspec(2, 12)
    precision_of_several(figure.add_subplot(grid[0, :8]), runs)  # the remaining columns are for its legend
    for place, name in ((grid[1, :6], PRECISION), (grid[1, 6:], NDCG)):
        over_runs(figure.add_subplot(place), name, runs)
    files = dict.fromkeys(each.run.upload.key for each in runs)
    source = _short(next(iter(files))) if len(files) == 1 else f"{len(files)} files"
    _head(figure, f"{len(runs)} runs of {source}", "each measured on its own file's held-out rows")
    return figure


def _head(figure: Figure, title: str, below: str) -> None:
    figure.suptitle(title, x=0.012, ha="left", fontsize=14, fontweight="bold")
    figure.supxlabel(below, x=0.012, ha="left", fontsize=9, color=MUTED)


def _facts(measured: Measured) -> str:
    run, evaluated = measured.run, measured.metrics.get("users_evaluated")
    facts = [f"uploaded {local_time(run.upload.uploaded_at)}", run.status.value.replace("_", " ")]
    facts += [f"{count(run.counts[name])} {name}" for name in COUNTED if name in run.counts]
    facts.append(f"algorithm {algorithm(run)}")
    return " · ".join(facts + ([f"measured on {count(int(evaluated))} customers"] if evaluated else []))


def _short(key: str) -> str:
    name = Path(key).name
    return name if len(name) <= 48 else name[:47] + "…"
