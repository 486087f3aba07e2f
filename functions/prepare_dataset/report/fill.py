"""Makes the quality report."""

import numpy as np

from prepare_dataset.clean.cleaning import count_reasons
from prepare_dataset.clean.dates import to_datetime
from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.clean.splitting import Split
from prepare_dataset.increments.append import CleanedRows
from prepare_dataset.report.chart_counts import count_chart_data
from prepare_dataset.report.difference import Origin, complete
from prepare_dataset.report.facts import count_facts
from prepare_dataset.report.increment import report_increment
from prepare_dataset.table.arrays import Coded
from retailrec_shared.contract.quality_report import QualityReport, SheetRows


def make_report(
    cleaned: CleanedRows, kept: Interactions, split: Split, origin: Origin | None
) -> QualityReport:
    """Count what was read, kept and rejected, and compare the report with that of the previous run."""
    report = _count(cleaned, kept, split)
    dataset = cleaned.dataset
    if dataset.added:
        increment = report_increment(dataset.added, dataset.parsed, cleaned.reasons)
        report = report.model_copy(update={"increment": increment})
    return complete(report, kept, origin) if origin else report


def _count(cleaned: CleanedRows, kept: Interactions, split: Split) -> QualityReport:
    raw = cleaned.dataset.raw
    facts = count_facts(raw, cleaned.dataset.parsed)
    return QualityReport(
        source_format=cleaned.dataset.source_format,
        profile=cleaned.profile,
        split=split.rule,
        sheets=[
            SheetRows(name=name, rows=count)
            for name, count in zip(raw.sheets, raw.rows_of_sheets(), strict=True)
        ],
        rows_read=len(raw),
        rows_without_customer=len(raw) - facts.rows_with_customer,
        rows_kept=len(kept),
        rejected=count_reasons(cleaned.reasons),
        interactions=len(kept),
        customers=_distinct(kept.customer),
        items=_distinct(kept.item),
        train_rows=len(split.train),
        test_rows=len(split.test),
        first_timestamp=to_datetime(kept.seconds.min()),
        last_timestamp=to_datetime(kept.seconds.max()),
        cut_time=split.cut_time,
        facts=facts,
        pictures=count_chart_data(kept),
    )


def _distinct(column: Coded) -> int:
    return int(np.count_nonzero(np.bincount(column.codes)))
