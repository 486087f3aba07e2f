"""Charts: what they draw, what they show under the pointer, and what they say without being seen."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import pytest

from retailrec_shared.charts.charts import bar_chart
from retailrec_shared.charts.frame import Label, TextAlternative
from retailrec_shared.charts.series import Point, Reference, Series, series_figure

HOSTILE = "<script>alert(1)</script>"
ALTERNATIVE = TextAlternative("k", "t", "d")


def draw(series: Sequence[Series], *references: Reference) -> ET.Element:
    return ET.fromstring(series_figure(ALTERNATIVE, "epoch", series, references, "{:.2f}".format))  # noqa: S314


def line(name: str, *values: float, first: int = 1) -> Series:
    return Series(name, [Point(x, y, f"epoch {x}") for x, y in enumerate(values, start=first)])


def test_bars_are_as_high_as_their_figures() -> None:
    chart = ET.fromstring(bar_chart([0, 50, 100], ["a", "b", "c"], [Label(50, "x")], ALTERNATIVE))  # noqa: S314
    bars = [each for each in chart.iter("rect") if "class" not in each.attrib]
    none, half, whole = (float(each.get("height", "")) for each in bars)
    assert none == 0
    assert half * 2 == pytest.approx(whole)


def test_a_point_is_as_high_as_its_value_and_shows_it_under_the_pointer() -> None:
    dots = list(draw([line("model", 0.0, 0.5, 1.0)]).iter("circle"))
    low, middle, high = (float(dot.get("cy", "")) for dot in dots)
    assert low - middle == pytest.approx(middle - high)
    assert [dot.findtext("title") for dot in dots][1] == "model, epoch 2: 0.50"


def test_dots_stand_on_their_line() -> None:
    figure = draw([line("model", 0.1, 0.4, 0.2)])
    (path,) = [each.get("points", "").split() for each in figure.iter("polyline")]
    dots = [each.get("cx") for each in figure.iter("circle")]
    assert [f"{float(each.split(',')[0]):.3f}%" for each in path] == dots


def test_all_series_and_references_share_one_scale() -> None:
    figure = draw([line("model", 0.2)], Reference("popularity", 0.2), Reference("previous model", 0.4))
    (dot,) = figure.iter("circle")
    first, second = (each for each in figure.iter("line") if each.get("class", "").startswith("reference s"))
    assert dot.get("cy") == first.get("y1")
    assert float(second.get("y1", "")) < float(first.get("y1", ""))
    assert second.findtext("title") == "previous model: 0.40"


def test_looks_differ_between_lines_and_the_legend_names_each() -> None:
    figure = draw([line("model", 0.2, 0.3), line("popularity", 0.1, 0.1)], Reference("previous model", 0.4))
    legend = [("".join(each.itertext()), each[0].get("class")) for each in figure.iter("li")]
    assert legend == [("model", "s0"), ("popularity", "s1"), ("previous model 0.40", "s2")]


def test_a_model_its_three_baselines_and_the_previous_model_all_look_different() -> None:
    others = [Reference(name, 0.1) for name in ("popularity", "frequent", "latest", "previous model")]
    looks = [each[0].get("class") for each in draw([line("model", 0.2)], *others).iter("li")]
    assert len(set(looks)) == 5


def test_the_figures_are_a_table_and_a_missing_number_is_a_dash() -> None:
    figure = draw([line("model", 0.2, 0.3), line("popularity", 0.1, first=2)])
    rows = [[cell.text for cell in row] for row in figure.iter("tr")]
    assert rows == [["epoch", "model", "popularity"], ["epoch 1", "0.20", "–"], ["epoch 2", "0.30", "0.10"]]  # noqa: RUF001


def test_a_chart_has_a_title_and_a_description() -> None:
    figure = draw([line("model", 0.2, 0.3)])
    (image,) = [each for each in figure.iter("svg") if each.get("role") == "img"]
    assert (image.findtext("title"), image.findtext("desc")) == ("t", "d")
    assert (image.get("aria-labelledby"), image.get("aria-describedby")) == ("k-title", "k-desc")


def test_long_series_have_a_line_without_dots_and_few_labels() -> None:
    figure = draw([line("model", *(0.001 * each for each in range(1000)))])
    assert not list(figure.iter("circle"))
    assert 5 <= len([each for each in figure.iter("text") if "below" in each.get("class", "")]) <= 11


def test_a_single_point_stands_in_the_middle() -> None:
    (dot,) = draw([line("model", 0.0)]).iter("circle")
    assert dot.get("cx") == "50.000%"


def test_names_never_become_markup() -> None:
    figure = draw([Series(HOSTILE, [Point(1, 0.5, HOSTILE)])], Reference(HOSTILE, 0.2))
    assert not list(figure.iter("script"))
