"""Panels of curves by epoch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from retailrec.metrics.measured import Measured, Point, label
from retailrec.metrics.plot_style import (
    INK,
    LOOKS,
    MODEL,
    OWN,
    POPULARITY,
    Look,
    from_zero,
    say_empty,
    whole_epochs,
)
from retailrec.views.metrics import PRECISION
from retailrec.views.runs import SHORT_ID

NO_CURVE = "This training logged nothing by epoch:\nits algorithm has no epochs, or its log is gone."
PRECISION_AXIS = "precision at 10 (share of items)"
WITHOUT_A_MODEL = (
    ("_popularity", "popularity", POPULARITY),
    ("_own_items", "customer's own items", OWN),
)
APART = 0.055  # the least distance of two labels, as a share of the axis


class Note(NamedTuple):
    """A label at the right end of a panel, at some height."""

    height: float
    text: str
    colour: str


def precision_of(axes: Axes, measured: Measured) -> None:
    """Draw one run's precision by epoch, next to its baselines: the tutorial's plot."""
    # A Marketplace algorithm does not say which rows it measures on.
    on = "as the algorithm reports it" if measured.run.of_marketplace else "held out"
    axes.set_title(f"Precision at 10 by epoch, {on}")
    points = measured.precision
    if not points:
        say_empty(axes, NO_CURVE)
        return
    line(axes, points, MODEL)
    notes = [Note(points[-1].value, f"model while training {points[-1].value:.3f}", MODEL.colour)]
    notes += [_whole(axes, measured, points[-1].epoch)] if PRECISION in measured.metrics else []
    for name, baseline, look in (
        ("popularity", "popularity", POPULARITY),
        ("own_items", "customer's own items", OWN),
    ):
        value = measured.metrics.get(f"{PRECISION}_{name}")
        if value is not None:
            axes.axhline(value, color=look.colour, linestyle=look.dash, linewidth=1.8)
            notes.append(Note(value, f"{baseline} {value:.3f}", look.colour))
    from_zero(axes, max([point.value for point in points] + [note.height for note in notes]), 1.0)
    axes.set_ylabel(PRECISION_AXIS)
    epochs_below(axes)
    write_notes(axes, notes)


def _whole(axes: Axes, measured: Measured, epoch: int) -> Note:
    value, error = measured.metrics[PRECISION], measured.metrics.get(f"{PRECISION}_se")
    axes.errorbar([epoch], [value], yerr=error, fmt="*", color=INK, markersize=11, capsize=3, zorder=4)
    written = f"{value:.3f} ± {error:.3f}" if error else f"{value:.3f}"
    return Note(value, f"whole model {written}", INK)


def others_of(axes: Axes, measured: Measured) -> None:
    """Draw one run's other curves by epoch."""
    axes.set_title("Also by epoch")
    if not measured.others:
        say_empty(axes, "Nothing else was logged by epoch.")
        return
    for (name, points), look in zip(measured.others.items(), LOOKS, strict=False):
        line(axes, points, look, label(name))
    epochs_below(axes)
    if len(measured.others) == 1:
        axes.set_ylabel(label(next(iter(measured.others))))
    else:
        axes.legend(loc="lower right")


def precision_of_several(axes: Axes, runs: Sequence[Measured]) -> None:
    """Draw several runs' precision by epoch: the newest, as many as there are distinct styles."""
    curves = [each for each in runs if each.precision]
    drawn = curves[-len(LOOKS) :]
    few = f", the newest {len(drawn)} runs" if len(drawn) < len(curves) else ""
    axes.set_title(f"Precision at 10 by epoch{few}")
    if not drawn:
        say_empty(axes, "None of these trainings logged anything by epoch.")
        return
    for each, look in zip(reversed(drawn), LOOKS, strict=False):
        line(axes, each.precision, look, name_of(each))
    from_zero(axes, max(point.value for each in drawn for point in each.precision), 1.0)
    axes.set_ylabel(PRECISION_AXIS)
    epochs_below(axes)
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "alignment": "left"}
    axes.legend(title="run, the newest first", fontsize=9, **place).set_in_layout(False)


def name_of(measured: Measured) -> str:
    """Name a run in a legend."""
    key = measured.run.upload.key
    return f"{measured.run.run_id[:SHORT_ID]}  {key if len(key) <= 30 else key[:29] + '…'}"


def line(axes: Axes, points: Sequence[Point], look: Look, legend: str | None = None) -> None:
    """Draw one curve; short ones have a marker at each point."""
    every = max(1, len(points) // 25)
    axes.plot(
        [point.epoch for point in points],
        [point.value for point in points],
        color=look.colour,
        linestyle=look.dash,
        marker=look.marker,
        markevery=every,
        markersize=4.5,
        linewidth=1.8,
        label=legend,
    )


def epochs_below(axes: Axes) -> None:
    """Name the axis of epochs."""
    axes.set_xlabel("epoch (passes over the training rows)")
    whole_epochs(axes)


def write_notes(axes: Axes, notes: Sequence[Note]) -> None:
    """Label each line at its end, without overlaps."""
    low, high = axes.get_ylim()
    at = -1.0
    for note in sorted(notes):
        height = (note.height - low) / (high - low)
        at = max(height, at + APART)
        text = axes.text(1.012, at, note.text, color=note.colour, va="center", transform=axes.transAxes)
        text.set_in_layout(False)
