"""The quality report as one HTML page without scripts, fonts or network access."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from prepare_dataset.report.page.changes import banner, changes_card, tiles
from prepare_dataset.report.page.chart_cards import (
    activity_card,
    countries_card,
    long_tail_card,
    timeline_card,
)
from prepare_dataset.report.page.row_cards import facts_card, increment_card, rows_card, sheets_card
from retailrec_shared.charts.markup import Markup, element, foreign, join
from retailrec_shared.contract.quality_report import QualityReport

_STYLE = Path(__file__).with_name("style.css")


def make_page(report: QualityReport) -> str:
    """Make the page of a report; the same report gives the same page."""
    style = _STYLE.read_text(encoding="utf-8")
    title = f"Quality report: {report.file or 'transactions'}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy(style)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title[:200]),
        element("style", Markup(style)),
    )
    body = element("body", element("main", _header(report), _cards(report), _footer()))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def policy(style: str) -> str:
    """Return a content security policy that allows only this style sheet, by its hash."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _header(report: QualityReport) -> Markup:
    period = f"{report.first_timestamp:%d %b %Y} to {report.last_timestamp:%d %b %Y}"
    facts = [report.source_format, f"cleaning profile {report.profile}", f"{report.split} split", period]
    about = [f"run {report.run_id}"] if report.run_id else []
    if report.uploaded_at:
        about.append(f"uploaded {report.uploaded_at:%d %b %Y %H:%M} UTC")
    return element(
        "header",
        element("p", "Quality report", class_="eyebrow"),
        element("h1", foreign(report.file or "Transactions", 120)),
        element("p", " · ".join(facts), class_="sub"),
        element("p", " · ".join(about), class_="sub") if about else None,
    )


def _cards(report: QualityReport) -> Markup:
    cards = [banner(report), tiles(report), changes_card(report), increment_card(report), rows_card(report)]
    if report.pictures:
        pictures = report.pictures
        cards += [
            timeline_card(pictures.timeline, report.cut_time),
            long_tail_card(pictures.long_tail, report.items),
            activity_card(pictures.activity, report.customers),
            countries_card(pictures.countries, report),
        ]
    cards += [sheets_card(report), facts_card(report)]
    return element("div", join(cards), class_="grid")


def _footer() -> Markup:
    return element(
        "footer",
        "All charts count the rows kept. The same figures are in ",
        element("code", "quality/report.json"),
        ", every rejected row with its reason in ",
        element("code", "rejected/rows.parquet"),
        ". Times are on the shop's own clock.",
    )
