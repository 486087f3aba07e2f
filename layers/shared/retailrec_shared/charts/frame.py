"""The frame of a chart: its axes, and a title and a description for those who cannot see it.

Horizontal positions are percentages and heights are pixels, so that a chart fits any width without
scaling its letters. Colours and dashes come from classes: the page's style sheet defines light and dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retailrec_shared.charts.markup import Markup, element, join

HEIGHT = 220
TOP, BOTTOM = 16, 26
PLOT = HEIGHT - TOP - BOTTOM
_GUTTER = 44


@dataclass(frozen=True)
class Label:
    """A label below the chart at ``x`` percent; minor ones are left out on narrow screens."""

    x: float
    text: str
    minor: bool = False


@dataclass(frozen=True)
class TextAlternative:
    """A chart's title and its description in words, for screen readers; ``key`` makes ids unique."""

    key: str
    title: str
    description: str


def framed(
    alternative: TextAlternative, left: Sequence[tuple[float, str]], labels: Sequence[Label], *drawn: Markup
) -> Markup:
    """Put a drawing between its axes; ``left`` are heights from 0 to 1, each with its label."""
    ticks = element(
        "svg",
        *(_tick(height, label) for height, label in left),
        class_="ticks", width=_GUTTER, height=HEIGHT, aria_hidden="true",
    )  # fmt: skip
    rules = (_rule(height) for height, _ in left)
    plot = described_svg(alternative, join([*rules, *drawn, _below(labels)]), HEIGHT, "picture")
    return element("div", ticks, plot, class_="chart")


def described_svg(alternative: TextAlternative, drawn: Markup, height: int, name: str) -> Markup:
    """Make an SVG element of the page's width that has the role of an image."""
    return element(
        "svg",
        element("title", alternative.title, id=f"{alternative.key}-title"),
        element("desc", alternative.description, id=f"{alternative.key}-desc"),
        drawn,
        class_=name, width="100%", height=height, role="img",
        aria_labelledby=f"{alternative.key}-title", aria_describedby=f"{alternative.key}-desc",
    )  # fmt: skip


def stretched(*drawn: Markup) -> Markup:
    """Put shapes with coordinates from 0 to 100 over the whole plot, whatever its width."""
    return element(
        "svg",
        *drawn,
        x=0, y=TOP, width="100%", height=PLOT, viewBox="0 0 100 100", preserveAspectRatio="none",
    )  # fmt: skip


def y_pixels(height: float) -> float:
    """Return the y coordinate of a height from 0, the axis, to 1, the top."""
    return TOP + (1 - height) * PLOT


def _rule(height: float) -> Markup:
    y = y_pixels(height)
    return element("line", x1=0, x2="100%", y1=y, y2=y, class_="grid" if height else "axis")


def _tick(height: float, label: str) -> Markup:
    return element("text", label, x="100%", dx=-8, y=y_pixels(height) + 4, text_anchor="end")


def _below(labels: Sequence[Label]) -> Markup:
    return join(
        element(
            "text",
            label.text,
            x=f"{label.x:.3f}%",
            y=HEIGHT - 8,
            text_anchor="start" if label.x < 1.5 else "end" if label.x > 98.5 else "middle",
            class_="below minor" if label.minor else "below",
        )
        for label in labels
    )
