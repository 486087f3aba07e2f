"""Bar charts and a curve of counts, as inline SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from retailrec_shared.charts.frame import (
    PLOT,
    TOP,
    Label,
    TextAlternative,
    described_svg,
    framed,
    stretched,
    y_pixels,
)
from retailrec_shared.charts.markup import Markup, element, join
from retailrec_shared.charts.number_format import nice_ticks, short

_GAP = 0.16
"""Share of a bar's place that stays empty."""


@dataclass(frozen=True)
class Mark:
    """A vertical line at ``x`` percent, with what it means."""

    x: float
    text: str


def bar_chart(
    values: Sequence[int],
    hints: Sequence[str],
    labels: Sequence[Label],
    alternative: TextAlternative,
    mark: Mark | None = None,
) -> Markup:
    """Draw vertical bars from zero; each shows its hint under the pointer."""
    ticks = nice_ticks(max(values, default=0))
    place = 100 / max(len(values), 1)
    bars = [
        _bar((number + _GAP / 2) * place, (1 - _GAP) * place, value / ticks[-1], hint)
        for number, (value, hint) in enumerate(zip(values, hints, strict=True))
    ]
    heights = [(tick / ticks[-1], short(tick)) for tick in ticks]
    return framed(alternative, heights, labels, *bars, _mark(mark))


def area_chart(
    points: Sequence[tuple[float, float]],
    left: Sequence[tuple[float, str]],
    labels: Sequence[Label],
    alternative: TextAlternative,
) -> Markup:
    """Draw a line through points (x, y) from 0 to 1 and fill the area below it."""
    path = " ".join(f"{x * 100:.2f},{(1 - y) * 100:.2f}" for x, y in points)
    area = stretched(
        element("polygon", points=f"0,100 {path} 100,100", class_="area"),
        element("polyline", points=path, class_="line", vector_effect="non-scaling-stroke"),
    )
    return framed(alternative, left, labels, area)


def share_bar(parts: Sequence[tuple[float, str]], alternative: TextAlternative) -> Markup:
    """Draw one horizontal bar of parts (share, class) that together are at most the whole."""
    begin, drawn = 0.0, []
    for share, name in parts:
        drawn.append(element("rect", x=_percent(begin), width=_percent(share), height="100%", class_=name))
        begin += share
    return described_svg(alternative, join(drawn), 26, "share")


def horizontal_bar(share: float, name: str) -> Markup:
    """Draw a small bar next to a figure that says the same, and so needs no words; zero is not drawn."""
    least = 0.004 if share else 0.0
    bar = element("rect", width=_percent(max(share, least)), height="100%", rx=3, class_=name)
    track = element("rect", width="100%", height="100%", rx=3, class_="track")
    return element("svg", track, bar, class_="horizontal", width="100%", height=10, aria_hidden="true")


def _percent(share: float) -> str:
    return f"{100 * share:.3f}%"


def _bar(x: float, width: float, height: float, hint: str) -> Markup:
    pixels = max(height * PLOT, 1.0) if height else 0.0
    # The whole column reacts to the pointer: a small bar would be hard to hit.
    return element(
        "g",
        element("title", hint),
        element("rect", x=f"{x:.3f}%", y=TOP, width=f"{width:.3f}%", height=PLOT, class_="hit"),
        element("rect", x=f"{x:.3f}%", y=TOP + PLOT - pixels, width=f"{width:.3f}%", height=pixels),
        class_="bar",
    )


def _mark(mark: Mark | None) -> Markup:
    if mark is None:
        return Markup()
    anchor = "end" if mark.x > 50 else "start"
    return element(
        "g",
        element("line", x1=f"{mark.x:.3f}%", x2=f"{mark.x:.3f}%", y1=y_pixels(1), y2=y_pixels(0)),
        element(
            "text", mark.text, x=f"{mark.x:.3f}%", y=10, dx=-5 if anchor == "end" else 5, text_anchor=anchor
        ),
        class_="mark",
    )
