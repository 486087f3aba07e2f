"""A run's quality report in a notebook."""

from collections.abc import Mapping
from typing import Any

from retailrec.exploring.display import Picture, Table, facts

Report = Mapping[str, Any]
FACTS = {
    "rows_with_customer": "rows with a customer",
    "customers": "customers",
    "items": "items (stock codes)",
    "items_with_customer": "items that a known customer bought",
    "cancellations": "cancellation rows (invoice begins with C)",
    "non_positive_quantity": "rows with a quantity of zero or less",
    "non_positive_price": "rows with a price of zero or less",
    "exact_duplicates": "rows that are the same as an earlier one",
    "overlap_rows": "rows that an earlier sheet holds too",
}


def raw_facts(report: Report) -> Table:
    """List what the file holds, before any cleaning."""
    sheets = [(f"rows of sheet {each['name']}", each["rows"]) for each in report["sheets"] if each["name"]]
    pairs = [
        *sheets,
        ("rows", report["rows_read"]),
        ("rows without a customer", report["rows_without_customer"]),
        *((label, report["facts"][name]) for name, label in FACTS.items()),
    ]
    period = f"{report['first_timestamp'][:10]} to {report['last_timestamp'][:10]}"
    return facts(f"The file {report['file']}", pairs, f"{report['source_format']}, {period}")


def cleaning(report: Report) -> Table:
    """Account for every row: kept, or rejected for its first reason."""
    rejected = sorted(report["rejected"].items(), key=lambda each: -each[1])
    rows: list[tuple[str, object, object]] = [("read", report["rows_read"], "")]
    rows += [
        (f"rejected: {reason.replace('_', ' ')}", -number, _share(number, report))
        for reason, number in rejected
        if number
    ]
    rows.append(("kept as interactions", report["rows_kept"], _share(report["rows_kept"], report)))
    split = f"{report['train_rows']:,} rows to train on, {report['test_rows']:,} held out"
    if report.get("cut_time"):
        split += f" (those since {report['cut_time'][:10]})"
    return Table(
        f"Cleaning profile {report['profile']}, split {report['split']}",
        ("", ">rows", ">share"),
        rows,
        f"{split}; {report['customers']:,} customers and {report['items']:,} items.",
    )


def _share(rows: int, report: Report) -> str:
    return f"{rows / report['rows_read']:.1%}" if report["rows_read"] else ""


def pictures(report: Report) -> Picture:
    """Draw the rows kept: over time, by item, and by customer."""
    from matplotlib.figure import Figure

    from retailrec.exploring import panels
    from retailrec.metrics.plot_style import styled

    data = report["pictures"]
    with styled():
        figure = Figure(figsize=(11, 3.3), layout="constrained")
        over_time, tail, activity = figure.subplots(1, 3)
        panels.timeline(over_time, data["timeline"])
        panels.long_tail(tail, data["long_tail"])
        panels.activity(activity, data["activity"])
    return Picture(figure, f"Rows kept, by {data['timeline']['unit']}, by item, and by customer")
