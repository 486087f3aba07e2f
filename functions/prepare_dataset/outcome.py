"""The outcome of preparing: the run's next status, and the counts that the ledger keeps."""

from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.datasets import Place
from retailrec_shared.ledger.run import Run

NOTHING_NEW = "It adds no purchase to the dataset"
COLLECTED = "The rows are in the dataset; the next retraining uses them (parameter TrainOnAppend)."


def adds_nothing(report: QualityReport) -> bool:
    """Return whether the file adds no row to the dataset."""
    return report.increment is not None and report.increment.rows_kept == 0


def next_status(
    run: Run, here: Place, report: QualityReport, *, trains: bool
) -> tuple[RunStatus, str | None]:
    """Return the next status of a prepared run, and the reason if no model is trained."""
    if not run.appends or run.dataset.retrains or not here.before or report.increment is None:
        return RunStatus.PREPARED, None
    if report.increment.rows_kept == 0:
        known = report.increment.rows_repeated
        rejected = sum(report.increment.rejected.values())
        why = f"{NOTHING_NEW}: {known:,} rows were there already, {rejected:,} rejected."
        return RunStatus.COLLECTED, why
    return (RunStatus.PREPARED, None) if trains else (RunStatus.COLLECTED, COLLECTED)


def counts(report: QualityReport) -> dict[str, int]:
    """Return the counts of a report that the ledger keeps."""
    increment = report.increment
    return (
        {
            "rows_read": report.rows_read,
            "rows_without_customer": report.rows_without_customer,
            "interactions": report.interactions,
            "customers": report.customers,
            "items": report.items,
            "train_rows": report.train_rows,
            "test_rows": report.test_rows,
        }
        | {f"rejected_{reason}": rows for reason, rows in report.rejected.items() if rows}
        | (
            {
                "rows_in_increment": increment.rows_read,
                "rows_repeated": increment.rows_repeated,
                "interactions_added": increment.rows_kept,
            }
            if increment
            else {}
        )
    )
