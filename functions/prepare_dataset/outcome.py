"""What comes of a dataset that was prepared: whether it is trained, and what the ledger keeps of it."""

from prepare_dataset.report.model import QualityReport
from retailrec_shared.core.status import RunStatus
from retailrec_shared.ledger.datasets import Place
from retailrec_shared.ledger.run import Run

NOTHING_NEW = "It adds no purchase to the dataset"
COLLECTED = "Its rows are in the dataset; the next retraining learns from them (parameter TrainOnAppend)."


def adds_nothing(report: QualityReport) -> bool:
    """Tell whether the dataset is what it was before, for all that the file brought."""
    return report.increment is not None and report.increment.rows_kept == 0


def where_to(run: Run, here: Place, report: QualityReport, *, trains: bool) -> tuple[RunStatus, str | None]:
    """Tell where a run goes that was prepared, and why if nothing is trained."""
    if not run.appends or run.dataset.retrains or not here.before or report.increment is None:
        return RunStatus.PREPARED, None
    if report.increment.rows_kept == 0:
        known = report.increment.rows_repeated
        rejected = sum(report.increment.rejected.values())
        why = f"{NOTHING_NEW}: {known:,} rows were there already, {rejected:,} rejected."
        return RunStatus.COLLECTED, why
    return (RunStatus.PREPARED, None) if trains else (RunStatus.COLLECTED, COLLECTED)


def counts(report: QualityReport) -> dict[str, int]:
    """List what the ledger keeps of a report."""
    brought = report.increment
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
                "rows_in_increment": brought.rows_read,
                "rows_repeated": brought.rows_repeated,
                "interactions_added": brought.rows_kept,
            }
            if brought
            else {}
        )
    )
