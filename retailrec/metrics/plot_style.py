"""The style of plots: series differ in dash, marker and lightness, so that they are distinct in greyscale."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast
from warnings import catch_warnings, filterwarnings

import matplotlib as mpl
from matplotlib.axes import Axes

INK, MUTED, GRID = "#1b1f24", "#57606a", "#d0d7de"


class Look(NamedTuple):
    """How one series is drawn."""

    colour: str
    dash: Any
    marker: str


# Okabe and Ito's colours; vermilion is always popularity.
LOOKS = (
    Look("#0072b2", "-", "o"),
    Look("#009e73", (0, (6, 2)), "^"),
    Look("#cc79a7", (0, (3, 1.5)), "D"),
    Look("#000000", (0, (1, 1)), "v"),
    Look("#56b4e9", (0, (6, 1.5, 1, 1.5)), "P"),
    Look("#b58900", (0, (8, 3)), "X"),
    Look("#7f7f7f", "-", "d"),
)
MODEL = LOOKS[0]
POPULARITY = Look("#d55e00", (0, (6, 3)), "s")
OWN = Look("#57606a", (0, (1, 1.5)), "^")

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "retailrec",  # the same plot is the same file
    "text.parse_math": False,  # a file's name may hold dollar signs
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw in this style, without warnings about letters that the font does not have."""
    with mpl.rc_context(cast(Any, STYLE)), catch_warnings():
        filterwarnings("ignore", message="Glyph .* missing from")
        yield


def from_zero(axes: Axes, highest: float, most: float | None = None) -> None:
    """Let the scale begin at zero and leave room above."""
    top = highest * 1.12 if highest > 0 else 1.0
    axes.set_ylim(0, min(top, most) if most and highest <= most else top)


def whole_epochs(axes: Axes) -> None:
    """Put ticks at whole epochs only."""
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def say_empty(axes: Axes, text: str) -> None:
    """Explain in an empty panel why it is empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=MUTED, transform=axes.transAxes, wrap=True)
