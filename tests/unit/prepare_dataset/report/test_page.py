"""The report as a page: whole without anything else, and safe whatever the file holds."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options
from prepare_dataset.report.difference import Ids, Origin, Previous
from prepare_dataset.report.model import QualityReport
from prepare_dataset.report.number_format import count, nice_ticks, percent, short, signed_percent
from prepare_dataset.report.page.charts import Alternative, Label, bar_chart
from prepare_dataset.report.page.markup import Markup, element, foreign, text
from prepare_dataset.report.page.page import make_page
from retailrec_shared.core import names
from tests.unit.prepare_dataset.inputs.shop_files import days, prepare, purchase, xlsx_file

HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "br"}
ELSEWHERE = re.compile(
    r"https?:|url\(|@import|<script|<link|<img|<iframe|javascript:|\son\w+=|\sstyle=", re.I
)


class Outline(HTMLParser):
    """Reads a page as a browser would: which elements it has, and whether they nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, QualityReport]:
    """The page of a file whose every name wants out, compared with another of that kind."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        *days(20, country=HOSTILE),
        *days(3, customer=None),
        *days(4, country='"><svg onload=x>', item=HOSTILE),
    ]
    rows.append(purchase(country="\u202egnp.exe", customer="&amp;"))
    old = prepare(xlsx_file(folder, {"a": days(20)})).report
    origin = Origin("r1", f"{HOSTILE}.xlsx", datetime(2012, 1, 1, tzinfo=UTC),
                    Previous("r0", f'"{HOSTILE}', old, Ids()))  # fmt: skip
    options = Options(profile="retail", split="temporal", top_n=10, origin=origin)
    report = prepare_file(xlsx_file(folder, {"<b>&\"'": rows}), folder / "run", options)
    return (folder / "run" / names.QUALITY_REPORT_HTML).read_text(encoding="utf-8"), report


def test_nothing_from_the_file_becomes_markup(hostile: tuple[str, QualityReport]) -> None:
    page, _ = hostile
    assert not ELSEWHERE.search(page.replace("&lt;svg onload=x&gt;", ""))
    words = "".join(Outline(page).words)
    for shown in (f"{HOSTILE}.xlsx", f'"{HOSTILE}', "<b>&\"'", '"><svg onload=x>', HOSTILE):
        assert shown in words


def test_a_name_written_right_to_left_turns_nothing_around(hostile: tuple[str, QualityReport]) -> None:
    assert "<bdi>\u202egnp.exe</bdi>" in hostile[0]


def test_the_policy_allows_this_one_style_and_nothing_else(hostile: tuple[str, QualityReport]) -> None:
    outline = Outline(hostile[0])
    (policy,) = [each["content"] for each in outline.all("meta") if "http-equiv" in each]
    assert policy
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert len(outline.all("style")) == 1


def test_every_chart_has_a_text_alternative_and_unique_ids(hostile: tuple[str, QualityReport]) -> None:
    outline = Outline(hostile[0])
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    pictures = [svg for svg in outline.all("svg") if svg.get("role") == "img"]
    assert len(pictures) == 4
    for picture in pictures:
        assert picture["aria-labelledby"] in ids
        assert picture["aria-describedby"] in ids
    assert len(outline.all("details")) == 3  # the other pictures stand in tables


def test_figures_have_their_thousands_apart(hostile: tuple[str, QualityReport]) -> None:
    report = hostile[1].model_copy(update={"customers": 1_234_567, "rows_read": 9_876_543})
    words = Outline(make_page(report)).words
    assert "1,234,567" in words
    assert "9,876,543" in words


def test_warnings_and_the_difference_stand_on_top(hostile: tuple[str, QualityReport]) -> None:
    page, report = hostile
    assert report.warnings
    places = [page.index(text(warning.message)) for warning in report.warnings]
    assert max(places) < page.index("Compared with the previous run") < page.index("Interactions by")


def test_a_first_run_and_an_early_report_have_a_page_too(tmp_path: Path) -> None:
    report = prepare(xlsx_file(tmp_path, {"a": days(2)})).report
    assert "no previous run" in make_page(report)
    early = QualityReport.model_validate(
        report.model_dump(exclude={"pictures", "difference", "warnings", "file"})
    )
    Outline(make_page(early))


def test_the_same_report_makes_the_same_page(hostile: tuple[str, QualityReport]) -> None:
    assert make_page(hostile[1]) == hostile[0]


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


def test_bars_are_as_high_as_their_figures() -> None:
    chart = bar_chart([0, 50, 100], ["a", "b", "c"], [Label(50, "x")], Alternative("k", "t", "d"))
    bars = [svg for svg in Outline(chart).all("rect") if svg.get("class") != "hit"]
    none, half, whole = (float(bar["height"] or 0) for bar in bars)
    assert none == 0
    assert half * 2 == pytest.approx(whole)
