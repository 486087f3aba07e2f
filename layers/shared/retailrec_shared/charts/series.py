"""A chart of one or more series of numbers over whole steps, with its legend and its figures as a table."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retailrec_shared.charts.frame import Label, TextAlternative, framed, stretched, y_pixels
from retailrec_shared.charts.markup import Child, Markup, element
from retailrec_shared.charts.number_format import decimal_ticks, nice_step
from retailrec_shared.charts.tables import figures

Form = Callable[[float], str]
_LABELS_MOST = 10
_DOTS_MOST = 40
_LOOKS = 5
"""How many classes for series the page's style sheet has: ``s0`` to ``s4``."""


@dataclass(frozen=True)
class Point:
    """A number at a step, with what the step is called."""

    x: int
    y: float
    label: str


@dataclass(frozen=True)
class Series:
    """A named line through points, which are in the order of their steps."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Reference:
    """A number to compare the series with: a horizontal line."""

    name: str
    y: float


def series_figure(
    alternative: TextAlternative,
    x_name: str,
    series: Sequence[Series],
    references: Sequence[Reference],
    form: Form,
) -> Markup:
    """Draw the series with a common scale from zero; ``form`` writes a number."""
    points = [point for each in series for point in each.points]
    ticks = decimal_ticks(max([point.y for point in points] + [each.y for each in references], default=0.0))
    low, high = min(point.x for point in points), max(point.x for point in points)

    def across(x: int) -> float:
        return 50.0 if low == high else 2 + 96 * (x - low) / (high - low)

    top = ticks[-1]
    drawn = [_reference(each, len(series) + place, top, form) for place, each in enumerate(references)]
    drawn += [_line(each, place, across, top, form) for place, each in enumerate(series)]
    heights = [(tick / top, f"{tick:.6g}") for tick in ticks]
    return element(
        "figure",
        framed(alternative, heights, _labels(low, high, across), *drawn),
        element("p", x_name, class_="x-name"),
        _legend(series, references, form),
        _table(alternative, x_name, series, form),
    )


def _labels(low: int, high: int, across: Callable[[int], float]) -> list[Label]:
    step = max(1, math.ceil(nice_step((high - low) / _LABELS_MOST))) if high > low else 1
    steps = range(math.ceil(low / step) * step, high + 1, step)
    few = len(steps) <= _LABELS_MOST // 2
    return [
        Label(across(x), f"{x:,}", minor=not few and place % 2 == 1)
        for place, x in enumerate(steps)
    ]  # fmt: skip


def _reference(reference: Reference, place: int, top: float, form: Form) -> Markup:
    y = y_pixels(reference.y / top)
    title = element("title", f"{reference.name}: {form(reference.y)}")
    return element("line", title, x1=0, x2="100%", y1=y, y2=y, class_=f"reference {_look(place)}")


def _line(series: Series, place: int, across: Callable[[int], float], top: float, form: Form) -> Markup:
    path = " ".join(f"{across(point.x):.3f},{100 * (1 - point.y / top):.3f}" for point in series.points)
    dots = (
        element(
            "circle",
            element("title", f"{series.name}, {point.label}: {form(point.y)}"),
            cx=f"{across(point.x):.3f}%",
            cy=y_pixels(point.y / top),
            r=4,
            class_="dot",
        )
        for point in (series.points if len(series.points) <= _DOTS_MOST else ())
    )
    line = stretched(element("polyline", points=path, class_="line", vector_effect="non-scaling-stroke"))
    return element("g", line, *dots, class_=_look(place))


def _look(place: int) -> str:
    return f"s{place % _LOOKS}"


def _legend(series: Sequence[Series], references: Sequence[Reference], form: Form) -> Markup:
    lines = [(each.name, "line") for each in series]
    lines += [(f"{each.name} {form(each.y)}", "reference") for each in references]
    return element(
        "ul",
        *(element("li", _sample(kind, place), name) for place, (name, kind) in enumerate(lines)),
        class_="legend",
    )


def _sample(kind: str, place: int) -> Markup:
    line = element("line", x1=1, x2=25, y1=6, y2=6, class_=kind)
    return element("svg", line, width=26, height=12, aria_hidden="true", class_=_look(place))


def _table(alternative: TextAlternative, x_name: str, series: Sequence[Series], form: Form) -> Markup:
    labels = {point.x: point.label for each in series for point in each.points}
    values = [{point.x: form(point.y) for point in each.points} for each in series]
    rows: list[list[Child]] = [
        [labels[x], *(each.get(x, "–") for each in values)]  # noqa: RUF001 - a dash for a missing number
        for x in sorted(labels)
    ]
    headers = (x_name, *(each.name for each in series))
    kinds = "t" + "n" * len(series)
    return figures(headers, rows, kinds, name=alternative.title, key=f"{alternative.key}-table")
