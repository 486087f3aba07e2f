"""The report as a page: whole without anything else, and safe whatever the file holds."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options
from prepare_dataset.report.difference import Ids, Origin, Previous
from prepare_dataset.report.page.page import make_page
from retailrec_shared.charts.markup import text
from retailrec_shared.contract.quality_report import QualityReport
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
