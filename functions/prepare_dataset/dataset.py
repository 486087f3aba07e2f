"""From a transaction file to everything a run starts from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from prepare_dataset.catalogue import write_catalogue
from prepare_dataset.cleaning import classify
from prepare_dataset.columnar import write_interactions, write_rejected
from prepare_dataset.formats import sniff
from prepare_dataset.history import write_history
from prepare_dataset.interactions import Interactions, interactions
from prepare_dataset.meaning import understand
from prepare_dataset.popularity import customers_of_items, write_popular
from prepare_dataset.reading import read
from prepare_dataset.reasons import KEPT, Profile
from prepare_dataset.refusals import refuse_if_nothing_left, refuse_unreadable
from prepare_dataset.report import QualityReport
from prepare_dataset.reporting import make_report
from prepare_dataset.splitting import Split, SplitRule, split_rows
from retailrec_shared import names


def prepare_file(
    source: Path,
    target: Path,
    *,
    profile: Profile,
    split: SplitRule,
    top_n: int,
    progress: Callable[[str], None] | None = None,
) -> QualityReport:
    """Read, clean and split ``source``, and write a run's files below ``target``.

    ``Rejected`` is raised before anything is written. The report is written last: where it stands,
    all else does.
    """
    say = progress or (lambda _: None)
    source_format = sniff(source)
    raw = read(source, source_format, say)
    say("cleaning")
    meaning = understand(raw)
    refuse_unreadable(raw, meaning, profile)
    reasons = classify(raw, meaning, profile)
    refuse_if_nothing_left(reasons)
    rows = interactions(meaning, np.flatnonzero(reasons == KEPT))
    say("splitting")
    parts = split_rows(rows.seconds, split)
    report = make_report(source_format, profile, split, raw, meaning, reasons, rows, parts)
    del meaning
    say("writing")
    paths = _Paths(target)
    write_rejected(raw, reasons, paths[names.REJECTED_PARQUET])
    del raw, reasons
    _write_outputs(rows, parts, top_n, paths)
    paths[names.QUALITY_REPORT_JSON].write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return report


class _Paths:
    """Where each output goes; its folder is made on the way."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __getitem__(self, relative: str) -> Path:
        path = self._target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _write_outputs(rows: Interactions, parts: Split, top_n: int, paths: _Paths) -> None:
    write_interactions(rows, parts.train, paths[names.TRAIN_CSV], paths[names.TRAIN_PARQUET])
    write_interactions(rows, parts.test, paths[names.TEST_CSV], paths[names.TEST_PARQUET])
    customers = customers_of_items(rows)
    write_catalogue(rows, customers, paths[names.CATALOGUE_JSONL])
    write_popular(rows, customers, paths[names.POPULAR_JSON])
    write_history(rows, paths[names.HISTORY_JSONL], paths[names.BATCH_INPUT_JSONL], top_n)
