"""Compares a run's report with the previous run's."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.report.drift_warnings import find_warnings
from prepare_dataset.table.arrays import Coded
from prepare_dataset.table.arrow import Texts, pc
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.contract.report_changes import Change, Difference, IdChanges, ShareChange, TimeChange


@dataclass(frozen=True)
class Ids:
    """The ids of a run's items and customers; None where they are unknown."""

    items: Texts | None = None
    customers: Texts | None = None

    @classmethod
    def of(cls, rows: Interactions) -> "Ids":
        """Take the ids of the rows kept."""
        return cls(_used(rows.item), _used(rows.customer))


@dataclass(frozen=True)
class Previous:
    """The run that a report is compared with."""

    run_id: str
    file: str
    report: QualityReport
    ids: Ids


@dataclass(frozen=True)
class Origin:
    """The run and the upload of a report, and the previous run."""

    run_id: str
    file: str
    uploaded_at: datetime
    previous: Previous | None = None


def complete(report: QualityReport, rows: Interactions, origin: Origin) -> QualityReport:
    """Add to a report its run, the difference to the previous run, and warnings."""
    previous = origin.previous
    difference = compare(previous, report, Ids.of(rows)) if previous else None
    known = {"run_id": origin.run_id, "file": origin.file, "uploaded_at": origin.uploaded_at}
    named = report.model_copy(update=known | {"difference": difference})
    warnings = find_warnings(named, previous.report if previous else None)
    return named.model_copy(update={"warnings": warnings})


def compare(previous: Previous, current: QualityReport, ids: Ids) -> Difference:
    """Compare two reports; ``ids`` are those of ``current``."""
    before = previous.report
    return Difference(
        previous_run_id=previous.run_id,
        previous_file=previous.file,
        previous_profile=before.profile,
        rows_read=Change(previous=before.rows_read, current=current.rows_read),
        interactions=Change(previous=before.interactions, current=current.interactions),
        customers=Change(previous=before.customers, current=current.customers),
        items=Change(previous=before.items, current=current.items),
        rejected_share=ShareChange(previous=before.rejected_share, current=current.rejected_share),
        last_timestamp=TimeChange(previous=before.last_timestamp, current=current.last_timestamp),
        item_ids=compare_ids(previous.ids.items, ids.items),
        customer_ids=compare_ids(previous.ids.customers, ids.customers),
    )


def compare_ids(before: Texts | None, now: Texts | None) -> IdChanges | None:
    """Compare two lists of distinct ids; None if one of them is unknown."""
    if before is None or now is None:
        return None
    common = int(pc.sum(pc.is_in(now, before)).as_py() or 0)
    unseen = len(now) - common
    return IdChanges(
        unseen=unseen,
        unseen_share=round(unseen / len(now), 6) if len(now) else 0.0,
        gone=len(before) - common,
    )


def _used(column: Coded) -> Texts:
    found: Texts = column.values.take(np.flatnonzero(np.bincount(column.codes)))
    return found
