"""From a transaction file to everything a run starts from."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

from prepare_dataset.catalogue import write_catalogue
from prepare_dataset.cleaning import classify
from prepare_dataset.columnar import write_interactions, write_rejected
from prepare_dataset.columns import OUR_HEADERS, Headers
from prepare_dataset.difference import Origin, complete
from prepare_dataset.history import write_history
from prepare_dataset.interactions import Interactions, interactions
from prepare_dataset.meaning import understand
from prepare_dataset.page import make_page
from prepare_dataset.popularity import customers_of_items, write_popular
from prepare_dataset.reading import read
from prepare_dataset.reasons import KEPT, Profile
from prepare_dataset.refusals import refuse_if_nothing_left, refuse_unreadable
from prepare_dataset.report import QualityReport
from prepare_dataset.reporting import make_report
from prepare_dataset.source import open_source
from prepare_dataset.splitting import Split, SplitRule, split_rows
from retailrec_shared import names


def prepare_file(
    source: Path,
    target: Path,
    *,
    profile: Profile,
    split: SplitRule,
    top_n: int,
    headers: Headers = OUR_HEADERS,
    origin: Origin | None = None,
    progress: Callable[[str], None] | None = None,
) -> QualityReport:
    """Read, clean and split ``source``, and write a run's files below ``target``.

    ``Rejected`` is raised before anything is written. The report is written last: where it stands,
    all else does. ``origin`` tells it which run it is of, and what to compare it with.
    """
    say = progress or (lambda _: None)
    with open_source(source) as (path, source_format):
        raw = read(path, source_format, say, headers)
    pa.default_memory_pool().release_unused()  # Arrow keeps what reading took and let go
    say("cleaning")
    meaning = understand(raw)
    refuse_unreadable(raw, meaning, profile)
    reasons = classify(raw, meaning, profile)
    refuse_if_nothing_left(reasons)
    rows = interactions(meaning, np.flatnonzero(reasons == KEPT))
    say("splitting")
    parts = split_rows(rows.seconds, split)
    report = make_report(source_format, profile, split, raw, meaning, reasons, rows, parts)
    if origin:
        report = complete(report, rows, origin)
    del meaning
    say("writing")
    paths = _Paths(target)
    write_rejected(raw, reasons, paths[names.REJECTED_PARQUET])
    del raw, reasons
    _write_outputs(rows, parts, top_n, paths)
    paths[names.QUALITY_REPORT_HTML].write_text(make_page(report), encoding="utf-8")
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
    """Write two things at a time: most of the work is Arrow's and numpy's, which let other threads run."""
    with ThreadPoolExecutor(2) as pool:
        writing = [
            pool.submit(
                write_interactions, rows, parts.train, paths[names.TRAIN_CSV], paths[names.TRAIN_PARQUET]
            ),
            pool.submit(
                write_history, rows, paths[names.HISTORY_JSONL], paths[names.BATCH_INPUT_JSONL], top_n
            ),
            pool.submit(_write_items, rows, paths[names.CATALOGUE_JSONL], paths[names.POPULAR_JSON]),
            pool.submit(
                write_interactions, rows, parts.test, paths[names.TEST_CSV], paths[names.TEST_PARQUET]
            ),
        ]
    for each in writing:
        each.result()


def _write_items(rows: Interactions, catalogue: Path, popular: Path) -> None:
    customers = customers_of_items(rows)
    write_catalogue(rows, customers, catalogue)
    write_popular(rows, customers, popular)
