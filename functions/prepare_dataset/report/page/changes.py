"""The top of the page: warnings, the four main counts, and the difference to the previous run."""

from prepare_dataset.report.page.parts import card, note
from retailrec_shared.charts.markup import Child, Markup, element, foreign, join
from retailrec_shared.charts.number_format import count, percent, signed_percent
from retailrec_shared.charts.tables import table
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.contract.report_changes import Change, Difference, IdChanges


def banner(report: QualityReport) -> Markup:
    """Show the warnings, or that there are none."""
    warnings = report.warnings
    if warnings:
        number = "1 warning" if len(warnings) == 1 else f"{len(warnings)} warnings"
        listed = element("ul", *(element("li", warning.message) for warning in warnings))
        heading = element("strong", f"⚠ {number}: check before you use this run")
        return element("div", heading, listed, class_="banner warned", role="status")
    if report.difference is None:
        said = "There is no previous run to compare with."
    else:
        said = join(
            [
                "✓ No warnings since the previous run, ",
                foreign(report.difference.previous_file),
                ".",
            ]
        )
    return element("div", said, class_="banner", role="status")


def tiles(report: QualityReport) -> Markup:
    """Show the four main counts, each with the previous run's."""
    before = report.difference
    changes = (
        (before.rows_read, before.interactions, before.customers, before.items) if before else (None,) * 4
    )
    names = ("Rows read", "Interactions", "Customers", "Items")
    counts = (report.rows_read, report.interactions, report.customers, report.items)
    otherwise = (f"{percent(1 - report.rejected_share)} kept", "rows kept", "", "")
    shown = zip(names, counts, changes, otherwise, strict=True)
    return element("dl", *(_tile(*each) for each in shown), class_="tiles")


def _tile(name: str, figure: int, change: Change | None, otherwise: str) -> Markup:
    said = f"{_growth(change)} · was {count(change.previous)}" if change else otherwise
    return element(
        "div",
        element("dt", name),
        element("dd", count(figure), class_="figure"),
        element("dd", said, class_="delta") if said else None,
        class_="tile",
    )


def _growth(change: Change) -> str:
    return "new" if change.growth is None else signed_percent(change.growth)


def changes_card(report: QualityReport) -> Markup:
    """Compare this run with the previous one."""
    difference = report.difference
    if difference is None:
        return Markup()
    return card(
        "Compared with the previous run",
        table(("", "previous", "now", "change"), _changes(difference), classes="changes", kinds="tonn"),
        note(
            "Previous: ",
            foreign(difference.previous_file),
            f", run {difference.previous_run_id}. Unseen: not in the previous run; gone: not in this run.",
        ),
        half=True,
    )


def _changes(difference: Difference) -> list[tuple[Child, ...]]:
    counts = {
        "rows read": difference.rows_read,
        "interactions": difference.interactions,
        "customers": difference.customers,
        "items": difference.items,
    }
    rejected, newest = difference.rejected_share, difference.last_timestamp
    points = 100 * (rejected.current - rejected.previous)
    return [
        *((name, count(each.previous), count(each.current), _growth(each)) for name, each in counts.items()),
        ("share rejected", percent(rejected.previous), percent(rejected.current), f"{points:+.1f} points"),
        ("newest purchase", f"{newest.previous:%d %b %Y}", f"{newest.current:%d %b %Y}", ""),
        *_id_changes("items", difference.item_ids),
        *_id_changes("customers", difference.customer_ids),
    ]


def _id_changes(what: str, ids: IdChanges | None) -> list[tuple[Child, ...]]:
    if ids is None:
        return [(f"unseen {what}", "", "not known", "")]
    return [
        (f"unseen {what}", "", count(ids.unseen), percent(ids.unseen_share)),
        (f"gone {what}", "", count(ids.gone), ""),
    ]
