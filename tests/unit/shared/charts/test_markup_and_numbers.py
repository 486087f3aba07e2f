"""Markup that nothing breaks out of, and numbers written for people."""

from itertools import pairwise

import pytest

from retailrec_shared.charts.markup import Markup, element, foreign, text
from retailrec_shared.charts.number_format import (
    count,
    decimal_ticks,
    nice_ticks,
    percent,
    short,
    signed_percent,
)


def test_what_html_cannot_hold_is_replaced() -> None:
    assert text("a\x00b\x1b\ud800c\x85") == "a\ufffdb\ufffd\ufffdc\ufffd"
    assert text("<&>\"'") == "&lt;&amp;&gt;&quot;&#x27;"
    assert element("td", None, 0, 'x"', title='"<') == '<td title="&quot;&lt;">0x&quot;</td>'
    assert text(Markup("<b>")) == "<b>"
    assert len(foreign("x" * 100_000)) < 120


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4, 5, 7, 99, 100, 101, 15_653, 10**9])
def test_ticks_are_few_whole_and_reach_the_largest(most: int) -> None:
    ticks = nice_ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] >= max(most, 1)
    assert 2 <= len(ticks) <= 6
    assert len({after - before for before, after in pairwise(ticks)}) == 1


def test_numbers_are_written_for_people() -> None:
    assert [short(number) for number in (0, 950, 1_000, 2_500, 1_024, 12_000_000)] == [
        "0", "950", "1k", "2.5k", "1k", "12M",
    ]  # fmt: skip
    assert [percent(share) for share in (0, 0.00001, 0.2277, 0.99999, 1)] == [
        "0.0 %", "<0.1 %", "22.8 %", ">99.9 %", "100.0 %",
    ]  # fmt: skip
    assert [signed_percent(growth) for growth in (0, 0.5, -0.2, 12)] == [
        "±0 %", "+50.0 %", "−20.0 %", "+1,200.0 %",  # noqa: RUF001
    ]  # fmt: skip
    assert (count(52.0), count(1234.5)) == ("52", "1,234.5")


@pytest.mark.parametrize("most", [0.0, 1e-4, 0.0712, 0.08, 0.3, 0.95, 1.0, 7.3, 19.9, 1234.5])
def test_decimal_ticks_are_few_and_reach_the_largest(most: float) -> None:
    ticks = decimal_ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most * 0.999
    assert 2 <= len(ticks) <= 6
    step = f"{ticks[1]:.6g}"
    assert step.strip("0.").removesuffix("e-05") in {"1", "2", "5"} or float(step) in {10, 20, 50, 500}
