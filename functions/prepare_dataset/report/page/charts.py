"""ChartData as inline SVG, made by pure functions.

Positions across are percentages and heights are pixels, so that a picture fits any width without
scaling its letters. Colours come from classes: the page's style knows light and dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from prepare_dataset.report.number_format import nice_ticks, short
from prepare_dataset.report.page.markup import Markup, element, join

HEIGHT = 220
_TOP, _BOTTOM = 16, 26
_GUTTER = 44
_PLOT = HEIGHT - _TOP - _BOTTOM
_GAP = 0.16
"""Share of a bar's place that stays empty."""


@dataclass(frozen=True)
class Label:
    """A label below the picture at ``x`` percent; minor ones are left out on narrow screens."""

    x: float
    text: str
    minor: bool = False


@dataclass(frozen=True)
class Mark:
    """A vertical line at ``x`` percent, with what it means."""

    x: float
    text: str


@dataclass(frozen=True)
class Alternative:
    """What a picture is called and says in words, for those who do not see it; ``key`` makes ids unique."""

    key: str
    title: str
    description: str


def bar_chart(
    values: Sequence[int],
    hints: Sequence[str],
    labels: Sequence[Label],
    words: Alternative,
    mark: Mark | None = None,
) -> Markup:
    """Draw upright bars from zero; each tells its hint under the pointer."""
    ticks = nice_ticks(max(values, default=0))
    place = 100 / max(len(values), 1)
    bars = [
        _bar((number + _GAP / 2) * place, (1 - _GAP) * place, value / ticks[-1], hint)
        for number, (value, hint) in enumerate(zip(values, hints, strict=True))
    ]
    heights = [(tick / ticks[-1], short(tick)) for tick in ticks]
    return _picture(words, heights, *bars, _mark(mark), _below(labels))


def line_chart(
    points: Sequence[tuple[float, float]],
    left: Sequence[tuple[float, str]],
    labels: Sequence[Label],
    words: Alternative,
) -> Markup:
    """Draw a line through points (x, y) from 0 to 1 and fill below it; ``left`` are heights with a label."""
    path = " ".join(f"{x * 100:.2f},{(1 - y) * 100:.2f}" for x, y in points)
    inner = element(
        "svg",
        element("polygon", points=f"0,100 {path} 100,100", class_="area"),
        element("polyline", points=path, class_="line", vector_effect="non-scaling-stroke"),
        x=0, y=_TOP, width="100%", height=_PLOT, viewBox="0 0 100 100", preserveAspectRatio="none",
    )  # fmt: skip
    return _picture(words, left, inner, _below(labels))


def share_bar(parts: Sequence[tuple[float, str]], words: Alternative) -> Markup:
    """Draw one lying bar of parts (share, class) that together are at most the whole."""
    begin, drawn = 0.0, []
    for share, name in parts:
        drawn.append(element("rect", x=_percent(begin), width=_percent(share), height="100%", class_=name))
        begin += share
    return _svg(words, join(drawn), 26, "share")


def lying_bar(share: float, name: str) -> Markup:
    """Draw a small bar beside a figure that says the same, and so needs no words; nothing is not drawn."""
    least = 0.004 if share else 0.0
    bar = element("rect", width=_percent(max(share, least)), height="100%", rx=3, class_=name)
    track = element("rect", width="100%", height="100%", rx=3, class_="track")
    return element("svg", track, bar, class_="lying", width="100%", height=10, aria_hidden="true")


def _percent(share: float) -> str:
    return f"{100 * share:.3f}%"


def _bar(x: float, width: float, height: float, hint: str) -> Markup:
    pixels = max(height * _PLOT, 1.0) if height else 0.0
    # What is pointed at is the whole column: a small bar would be hard to hit.
    return element(
        "g",
        element("title", hint),
        element("rect", x=f"{x:.3f}%", y=_TOP, width=f"{width:.3f}%", height=_PLOT, class_="hit"),
        element("rect", x=f"{x:.3f}%", y=_TOP + _PLOT - pixels, width=f"{width:.3f}%", height=pixels),
        class_="bar",
    )


def _rule(height: float) -> Markup:
    y = _TOP + (1 - height) * _PLOT
    return element("line", x1=0, x2="100%", y1=y, y2=y, class_="grid" if height else "axis")


def _tick(height: float, label: str) -> Markup:
    return element("text", label, x="100%", dx=-8, y=_TOP + (1 - height) * _PLOT + 4, text_anchor="end")


def _mark(mark: Mark | None) -> Markup:
    if mark is None:
        return Markup()
    anchor = "end" if mark.x > 50 else "start"
    return element(
        "g",
        element("line", x1=f"{mark.x:.3f}%", x2=f"{mark.x:.3f}%", y1=_TOP, y2=_TOP + _PLOT),
        element(
            "text", mark.text, x=f"{mark.x:.3f}%", y=10, dx=-5 if anchor == "end" else 5, text_anchor=anchor
        ),
        class_="mark",
    )


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


def _picture(words: Alternative, left: Sequence[tuple[float, str]], *drawn: Markup) -> Markup:
    ticks = element(
        "svg",
        *(_tick(height, label) for height, label in left),
        class_="ticks", width=_GUTTER, height=HEIGHT, aria_hidden="true",
    )  # fmt: skip
    rules = (_rule(height) for height, _ in left)
    return element("div", ticks, _svg(words, join([*rules, *drawn]), HEIGHT, "picture"), class_="chart")


def _svg(words: Alternative, drawn: Markup, height: int, name: str) -> Markup:
    return element(
        "svg",
        element("title", words.title, id=f"{words.key}-title"),
        element("desc", words.description, id=f"{words.key}-desc"),
        drawn,
        class_=name, width="100%", height=height, role="img",
        aria_labelledby=f"{words.key}-title", aria_describedby=f"{words.key}-desc",
    )  # fmt: skip
