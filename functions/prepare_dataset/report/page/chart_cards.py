"""Cards with charts of the rows kept: over time, by item, by customer and by country."""

import math
from collections.abc import Sequence
from datetime import date, datetime

from prepare_dataset.report.page.parts import card, note
from retailrec_shared.charts.charts import Mark, area_chart, bar_chart, horizontal_bar
from retailrec_shared.charts.frame import Label, TextAlternative
from retailrec_shared.charts.markup import Child, Markup, foreign
from retailrec_shared.charts.number_format import count, percent, short
from retailrec_shared.charts.tables import figures, table
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.contract.report_charts import Activity, Countries, LongTail, Period, Timeline, Unit

_FORMS: dict[Unit, str] = {"day": "%d %b %Y", "week": "week of %d %b %Y", "month": "%b %Y", "year": "%Y"}
_LABELS_MOST = 9


def timeline_card(timeline: Timeline, cut: datetime | None) -> Markup:
    """Draw interactions over time, with the time at which training ends."""
    periods = timeline.periods
    names = [f"{period.start:{_FORMS[timeline.unit]}}" for period in periods]
    most = max(periods, key=lambda period: period.interactions)
    words = TextAlternative(
        "time",
        f"Interactions by {timeline.unit}",
        f"{len(periods)} {timeline.unit}s from {periods[0].start:%d %b %Y}; most, {count(most.interactions)},"
        f" in the {timeline.unit} from {most.start:%d %b %Y}.",
    )
    chart = bar_chart(
        [period.interactions for period in periods],
        [f"{name}: {count(period.interactions)}" for name, period in zip(names, periods, strict=True)],
        _dates(timeline),
        words,
        _cut(periods, cut),
    )
    rows = [(name, count(period.interactions)) for name, period in zip(names, periods, strict=True)]
    return card(
        f"Interactions by {timeline.unit}",
        chart,
        note(words.description, f" The first and the last {timeline.unit} may be incomplete."),
        figures((timeline.unit, "interactions"), rows, "tn"),
    )


def _cut(periods: Sequence[Period], cut: datetime | None) -> Mark | None:
    if cut is None:
        return None
    before = sum(period.start <= cut.date() for period in periods) - 1
    return Mark(100 * before / len(periods), "held out from here on")


def _dates(timeline: Timeline) -> list[Label]:
    """Label the starts of years or months, or single days; about half of them on narrow screens."""
    starts = [period.start for period in timeline.periods]
    months = len({_month(start) for start in starts})
    every = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if months / step <= _LABELS_MOST)
    if months < 3:
        step = math.ceil(len(starts) / _LABELS_MOST)
        chosen = [place for place in range(len(starts)) if place % step == 0]
        form = "%d %b"
    else:
        chosen = [
            place
            for place, start in enumerate(starts)
            if (place == 0 or _month(start) != _month(starts[place - 1])) and (_month(start) - 1) % every == 0
        ]
        form = "%Y" if every >= 12 else "%b %Y"
    return [
        Label(100 * (place + 0.5) / len(starts), f"{starts[place]:{form}}", minor=number % 2 == 1)
        for number, place in enumerate(chosen)
    ]


def _month(day: date) -> int:
    return day.year * 12 + day.month


def long_tail_card(tail: LongTail, items: int) -> Markup:
    """Draw the interactions of each item by rank, both axes logarithmic."""
    most = max(tail.points[0].interactions, 2)
    width, height = math.log10(max(items, 2)), math.ceil(math.log10(most))
    points = [
        (math.log10(point.rank) / width, math.log10(point.interactions) / height) for point in tail.points
    ]
    words = TextAlternative(
        "tail",
        "Interactions of each item, most bought first",
        f"Both scales are logarithmic. The most bought 1 % of the items have {percent(tail.top_1_percent)}"
        f" of the interactions, 10 % have {percent(tail.top_10_percent)},"
        f" 20 % have {percent(tail.top_20_percent)}.",
    )
    left = [(power / height, short(10**power)) for power in range(height + 1)]
    below = [
        Label(100 * power / width, f"rank {short(10**power)}" if power == 0 else short(10**power))
        for power in range(math.floor(width) + 1)
    ]
    shares = [
        (f"top {name}", horizontal_bar(share, "kept"), percent(share))
        for name, share in (
            ("1 %", tail.top_1_percent), ("10 %", tail.top_10_percent), ("20 %", tail.top_20_percent),
        )
    ]  # fmt: skip
    return card(
        "Items' long tail",
        area_chart(points, left, below, words),
        table(("items", "", "of all interactions"), shares, classes="bars", kinds="twn"),
        figures(
            ("rank", "interactions"),
            [(count(point.rank), count(point.interactions)) for point in tail.points],
            "tn",
        ),
        half=True,
    )


def activity_card(activity: Activity, customers: int) -> Markup:
    """Draw the number of customers by their interactions."""
    bins = activity.bins
    names = [
        count(each.least) if each.least == each.most else f"{count(each.least)}–{count(each.most)}"  # noqa: RUF001
        for each in bins
    ]
    words = TextAlternative(
        "activity",
        "Customers by their number of interactions",
        f"Half of the {count(customers)} customers have at most {count(activity.median)} interactions.",
    )
    below = [
        Label(100 * (place + 0.5) / len(bins), short(each.least), minor=len(bins) > 8 and place % 2 == 1)
        for place, each in enumerate(bins)
    ]
    rows = list(zip(names, (count(each.customers) for each in bins), strict=True))
    hints = [f"{name} interactions: {figure} customers" for name, figure in rows]
    shares: list[tuple[Child, ...]] = [
        (name, figure, percent(each.customers / max(customers, 1)))
        for (name, figure), each in zip(rows, bins, strict=True)
    ]
    return card(
        "Customers' activity",
        bar_chart([each.customers for each in bins], hints, below, words),
        note(words.description, " A bar counts customers from its number up to the next bar's."),
        figures(("interactions", "customers", "share"), shares, "tnn"),
        half=True,
    )


def countries_card(countries: Countries, report: QualityReport) -> Markup:
    """List the countries with most rows kept."""
    kept = max(report.rows_kept, 1)
    rows: list[tuple[Child, ...]] = [
        (
            foreign(each.country),
            horizontal_bar(each.rows / kept, "kept"),
            count(each.rows),
            percent(each.rows / kept),
            count(each.customers),
        )
        for each in countries.top
    ]
    others = report.rows_kept - countries.rows_without_country - sum(each.rows for each in countries.top)
    for name, left in (("all others", others), ("no country", countries.rows_without_country)):
        if left:
            rows.append((name, horizontal_bar(left / kept, "kept"), count(left), percent(left / kept), ""))
    return card(
        "Top countries",
        table(("country", "", "rows kept", "share", "customers"), rows, classes="bars", kinds="twnnn"),
        note(
            f"{count(countries.known)} different countries." if countries.known else "No row names a country."
        ),
    )
