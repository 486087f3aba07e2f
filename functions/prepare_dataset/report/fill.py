"""Filling in the quality report."""

import numpy as np

from prepare_dataset.clean.cleaning import Reasons, count_reasons
from prepare_dataset.clean.dates import to_datetime
from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.clean.parsing import Meaning
from prepare_dataset.clean.reasons import Profile
from prepare_dataset.clean.splitting import Split, SplitRule
from prepare_dataset.files.formats import Format
from prepare_dataset.report.chart_counts import count_pictures
from prepare_dataset.report.facts import count_facts
from prepare_dataset.report.model import QualityReport, SheetRows
from prepare_dataset.table.arrays import Coded
from prepare_dataset.table.raw_table import RawTable


def make_report(
    source_format: Format,
    profile: Profile,
    split: SplitRule,
    raw: RawTable,
    meaning: Meaning,
    reasons: Reasons,
    rows: Interactions,
    parts: Split,
) -> QualityReport:
    """Count what was read, kept and rejected; the report checks its own sums."""
    facts = count_facts(raw, meaning)
    return QualityReport(
        source_format=source_format,
        profile=profile,
        split=split,
        sheets=[
            SheetRows(name=name, rows=count)
            for name, count in zip(raw.sheets, raw.rows_of_sheets(), strict=True)
        ],
        rows_read=len(raw),
        rows_without_customer=len(raw) - facts.rows_with_customer,
        rows_kept=len(rows),
        rejected=count_reasons(reasons),
        interactions=len(rows),
        customers=_distinct(rows.customer),
        items=_distinct(rows.item),
        train_rows=len(parts.train),
        test_rows=len(parts.test),
        first_timestamp=to_datetime(rows.seconds.min()),
        last_timestamp=to_datetime(rows.seconds.max()),
        cut_time=parts.cut_time,
        facts=facts,
        pictures=count_pictures(rows),
    )


def _distinct(column: Coded) -> int:
    return int(np.count_nonzero(np.bincount(column.codes)))
