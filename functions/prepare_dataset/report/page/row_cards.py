"""Cards about rows: kept and rejected, by sheet, and in the raw file."""

from prepare_dataset.report.page.parts import card, note
from retailrec_shared.charts.charts import horizontal_bar, share_bar
from retailrec_shared.charts.frame import TextAlternative
from retailrec_shared.charts.markup import Markup, element, foreign
from retailrec_shared.charts.number_format import count, percent
from retailrec_shared.charts.tables import table
from retailrec_shared.contract.quality_report import Facts, QualityReport


def rows_card(report: QualityReport) -> Markup:
    """Show how many rows were kept, and how many were rejected for each reason."""
    rejected = {reason: rows for reason, rows in report.rejected.items() if rows}
    read, out = max(report.rows_read, 1), sum(rejected.values())
    words = TextAlternative(
        "rows",
        "Rows kept and rejected",
        f"{count(report.rows_kept)} of {count(report.rows_read)} rows were kept, {count(out)} rejected.",
    )
    reasons = [
        (reason.replace("_", " "), horizontal_bar(rows / read, "out"), count(rows), percent(rows / read))
        for reason, rows in sorted(rejected.items(), key=lambda each: -each[1])
    ]
    return card(
        "Rows kept and rejected",
        share_bar([(report.rows_kept / read, "kept"), (out / read, "out")], words),
        _legend(report.rows_kept, out, read),
        table(("Rejected because", "", "rows", "of all rows"), reasons, classes="bars", kinds="twnn")
        if reasons
        else note("No row was rejected."),
        note(
            f"{count(report.train_rows)} rows to train on, {count(report.test_rows)} held out. A row has the"
            " first reason that fits."
        ),
        half=report.difference is not None,
    )


def increment_card(report: QualityReport) -> Markup:
    """Show the row counts of a file that was added to an earlier dataset."""
    increment = report.increment
    if increment is None:
        return Markup()
    read = max(increment.rows_read, 1)
    rejected = {reason: rows for reason, rows in increment.rejected.items() if rows}
    rows = [
        ("in the dataset already", increment.rows_repeated),
        ("added", increment.rows_kept),
        *((f"rejected: {reason.replace('_', ' ')}", rows) for reason, rows in rejected.items()),
    ]
    bars = [
        (what, horizontal_bar(rows / read, "kept"), count(rows), percent(rows / read)) for what, rows in rows
    ]
    return card(
        "What this file added",
        table(("Its rows", "", "rows", "of all"), bars, classes="bars", kinds="twnn"),
        note(
            f"{count(increment.rows_read)} rows were read; {count(increment.customers)} customers bought,"
            f" {count(increment.new_customers)} of them for the first time;"
            f" {count(increment.new_items)} items are new. All other counts on this page"
            " are of the whole dataset."
        ),
    )


def _legend(kept: int, out: int, read: int) -> Markup:
    return element(
        "div",
        *(
            element(
                "span",
                element("i", class_=name),
                element("b", count(rows)),
                f" {word} ({percent(rows / read)})",
            )
            for name, rows, word in (("kept", kept, "kept"), ("out", out, "rejected"))
        ),
        class_="legend",
    )


def sheets_card(report: QualityReport) -> Markup:
    """List the sheets with their rows."""
    rows = [(foreign(sheet.name) if sheet.name else "the file", count(sheet.rows)) for sheet in report.sheets]
    return card("Where the rows were read", table(("sheet", "rows"), rows, kinds="tn"), half=True)


def facts_card(report: QualityReport) -> Markup:
    """List the counts of the raw file, before any cleaning."""
    rows = [(name.replace("_", " "), count(getattr(report.facts, name))) for name in Facts.model_fields]
    return card("The raw file, before any cleaning", table(("", "count"), rows, kinds="tn"), half=True)
