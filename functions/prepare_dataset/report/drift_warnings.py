"""Drift warnings: when a difference between two runs is worth a warning. The run continues."""

from collections.abc import Iterator
from datetime import UTC, timedelta

from retailrec_shared.charts.number_format import percent
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.contract.report_changes import Change, Difference, DriftWarning, IdChanges, WarningCode

FELL = -0.20
ROSE = 0.50
UNSEEN_ITEMS = 0.30
UNSEEN_CUSTOMERS = 0.50
REJECTED_TIMES = 2.0
REJECTED_LEAST = 0.01
"""There is no warning about a smaller share of rejected rows."""
NEW_REASON_LEAST = 0.001
"""The least share of the rows read for a warning about a new reason."""
FUTURE_DAYS = 1
"""The shop's clock may be ahead of UTC, by less than a day."""


def find_warnings(current: QualityReport, previous: QualityReport | None) -> list[DriftWarning]:
    """List the warnings of a run, the most general first."""
    found = list(_of_itself(current))
    if previous and current.difference:
        found += _of_difference(current, previous, current.difference)
    return found


def _of_itself(current: QualityReport) -> Iterator[DriftWarning]:
    if current.uploaded_at is None:
        return
    latest = current.uploaded_at.astimezone(UTC).replace(tzinfo=None) + timedelta(days=FUTURE_DAYS)
    if current.last_timestamp > latest:
        yield DriftWarning(
            code=WarningCode.DATE_IN_FUTURE,
            message=f"The newest date is {current.last_timestamp:%Y-%m-%d}, after the file was uploaded"
            f" ({current.uploaded_at:%Y-%m-%d}).",
        )


def _of_difference(
    current: QualityReport, previous: QualityReport, difference: Difference
) -> Iterator[DriftWarning]:
    rows = list(_drift("Rows read", "rows", difference.rows_read))
    yield from rows
    yield from _newest_date(difference)
    if current.profile != previous.profile:
        # The counts of the other rules depend on the profile, not only on the file.
        yield DriftWarning(
            code=WarningCode.PROFILE_CHANGED,
            message=f"The cleaning profile is {current.profile}, but the previous run's was"
            f" {previous.profile}: only rows read and dates can be compared.",
        )
        return
    if not rows:  # otherwise both warnings have the same cause
        yield from _drift("Rows kept", "interactions", difference.interactions)
    yield from _drift("Customers", "customers", difference.customers)
    yield from _drift("Items", "items", difference.items)
    yield from _unseen("items", WarningCode.UNSEEN_ITEMS, UNSEEN_ITEMS, difference.item_ids)
    yield from _unseen("customers", WarningCode.UNSEEN_CUSTOMERS, UNSEEN_CUSTOMERS, difference.customer_ids)
    yield from _rejected(difference)
    yield from _new_reasons(current, previous)


def _drift(what: str, name: str, change: Change) -> Iterator[DriftWarning]:
    growth = change.growth
    if growth is None or (1 + FELL) * change.previous < change.current < (1 + ROSE) * change.previous:
        return
    direction = "fell" if growth < 0 else "rose"
    yield DriftWarning(
        code=WarningCode(f"{name}_{direction}"),
        message=f"{what} {direction} by {percent(abs(growth))},"
        f" from {change.previous:,} to {change.current:,}.",
    )


def _newest_date(difference: Difference) -> Iterator[DriftWarning]:
    newest = difference.last_timestamp
    if newest.current < newest.previous:
        yield DriftWarning(
            code=WarningCode.NEWEST_DATE_OLDER,
            message=f"The newest purchase is of {newest.current:%Y-%m-%d %H:%M}, older than the previous"
            f" run's ({newest.previous:%Y-%m-%d %H:%M}): was an old export uploaded?",
        )


def _unseen(what: str, code: WarningCode, limit: float, ids: IdChanges | None) -> Iterator[DriftWarning]:
    if ids and ids.unseen_share > limit:
        yield DriftWarning(
            code=code,
            message=f"{percent(ids.unseen_share)} of the {what} ({ids.unseen:,}) were not in the previous"
            " run: were ids written differently?",
        )


def _rejected(difference: Difference) -> Iterator[DriftWarning]:
    share = difference.rejected_share
    if share.current >= REJECTED_LEAST and share.current >= REJECTED_TIMES * share.previous:
        yield DriftWarning(
            code=WarningCode.REJECTED_SHARE_DOUBLED,
            message=f"{percent(share.current)} of the rows were rejected; it was {percent(share.previous)}.",
        )


def _new_reasons(current: QualityReport, previous: QualityReport) -> Iterator[DriftWarning]:
    for reason, rows in current.rejected.items():
        if rows >= max(1, NEW_REASON_LEAST * current.rows_read) and not previous.rejected.get(reason):
            yield DriftWarning(
                code=WarningCode.NEW_REASON,
                message=f"{rows:,} rows were rejected for a reason that the previous run did not have:"
                f" {reason.replace('_', ' ')}.",
            )
