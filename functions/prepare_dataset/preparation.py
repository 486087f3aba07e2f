"""From the rows of a transaction file to everything a run starts from."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from prepare_dataset.clean.cleaning import Reasons, classify
from prepare_dataset.clean.interactions import Interactions, interactions
from prepare_dataset.clean.parsing import Meaning
from prepare_dataset.clean.reasons import KEPT, Profile
from prepare_dataset.clean.refusals import refuse_if_nothing_left
from prepare_dataset.clean.splitting import Split, SplitRule, split_rows
from prepare_dataset.files.formats import Format
from prepare_dataset.increments.append import Gathered, Neighbours, gather, gather_again
from prepare_dataset.increments.lines import write_lines
from prepare_dataset.report.difference import Origin, complete
from prepare_dataset.report.fill import make_report
from prepare_dataset.report.increment import report_increment
from prepare_dataset.report.model import QualityReport
from prepare_dataset.report.page.page import make_page
from prepare_dataset.table.raw_table import RawTable
from prepare_dataset.write.catalogue import write_catalogue
from prepare_dataset.write.columnar import write_interactions, write_rejected
from prepare_dataset.write.history import write_history
from prepare_dataset.write.popularity import write_popular
from prepare_dataset.write.purchased import Purchased, purchased
from prepare_dataset.write.similar_file import write_similar
from retailrec_shared.core import names


def make_outputs(
    read: tuple[RawTable, Format] | None,
    target: Path,
    *,
    profile: Profile,
    split: SplitRule,
    top_n: int,
    exclude_purchased: bool,
    others: Neighbours | None,
    origin: Origin | None,
    say: Callable[[str], None],
) -> QualityReport:
    """Clean and split the rows that were read, and write a run's files below ``target``: see `dataset.py`."""
    say("cleaning")
    found, meaning = _gather(read, profile, others)
    again = read is None
    del read
    raw = found.raw
    reasons = classify(raw, meaning, profile)
    refuse_if_nothing_left(reasons)
    rows = interactions(meaning, np.flatnonzero(reasons == KEPT))
    say("splitting")
    parts = split_rows(rows.seconds, split)
    say("writing")
    paths = _Paths(target)
    # Two things at a time: most of the work is Arrow's and numpy's, which let other threads run.
    with ThreadPoolExecutor(2) as pool:
        reporting = pool.submit(_report, profile, split, found, meaning, reasons, rows, parts, origin)
        writing = _write_lines(pool, found, reasons, paths, again=again)
        del raw, reasons, found, meaning  # each is let go with the last that needs it
        writing += _write_outputs(pool, rows, parts, top_n, paths, exclude_purchased=exclude_purchased)
    for each in writing:
        each.result()
    report = reporting.result()
    paths[names.QUALITY_REPORT_HTML].write_text(make_page(report), encoding="utf-8")
    paths[names.QUALITY_REPORT_JSON].write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return report


def _gather(
    read: tuple[RawTable, Format] | None, profile: Profile, others: Neighbours | None
) -> tuple[Gathered, Meaning]:
    if read is not None:
        return gather(*read, profile, others)
    if others is None:
        raise ValueError("neither a file nor kept lines to prepare")
    return gather_again(others.before, profile)


def _report(
    profile: Profile,
    split: SplitRule,
    found: Gathered,
    meaning: Meaning,
    reasons: Reasons,
    rows: Interactions,
    parts: Split,
    origin: Origin | None,
) -> QualityReport:
    report = make_report(found.source_format, profile, split, found.raw, meaning, reasons, rows, parts)
    if found.added:
        brought = report_increment(found.added, meaning, reasons)
        report = report.model_copy(update={"increment": brought})
    return complete(report, rows, origin) if origin else report


def _write_lines(
    pool: ThreadPoolExecutor, found: Gathered, reasons: Reasons, paths: "_Paths", *, again: bool
) -> "list[Future[None]]":
    """Write every row as it was read: the rejected ones for people, and all for later runs to add to."""
    rejected, own, whole = (
        paths[name] for name in (names.REJECTED_PARQUET, names.OWN_LINES, names.WHOLE_LINES)
    )
    writing = [pool.submit(write_rejected, found.raw, reasons, rejected)]
    if not again:
        writing.append(pool.submit(write_lines, found.own or found.lines, own))
    if found.own:
        writing.append(pool.submit(write_lines, found.lines, whole))
    return writing


class _Paths:
    """Where each output goes; its folder is made on the way."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __getitem__(self, relative: str) -> Path:
        path = self._target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _write_outputs(
    pool: ThreadPoolExecutor,
    rows: Interactions,
    parts: Split,
    top_n: int,
    paths: _Paths,
    *,
    exclude_purchased: bool,
) -> "list[Future[None]]":
    """Write what the rows that were kept are for."""
    bought = purchased(rows)
    history, batch_input = paths[names.HISTORY_JSONL], paths[names.BATCH_INPUT_JSONL]
    train_csv, train_parquet = paths[names.TRAIN_CSV], paths[names.TRAIN_PARQUET]
    test_csv, test_parquet = paths[names.TEST_CSV], paths[names.TEST_PARQUET]
    return [
        pool.submit(write_interactions, rows, parts.train, train_csv, train_parquet),
        pool.submit(
            write_history, rows, bought, history, batch_input, top_n, exclude_purchased=exclude_purchased
        ),
        pool.submit(write_similar, rows, bought, paths[names.SIMILAR_JSONL]),
        pool.submit(_write_items, rows, bought, paths[names.CATALOGUE_JSONL], paths[names.POPULAR_JSON]),
        pool.submit(write_interactions, rows, parts.test, test_csv, test_parquet),
    ]


def _write_items(rows: Interactions, bought: Purchased, catalogue: Path, popular: Path) -> None:
    write_catalogue(rows, bought.customers_of_items, catalogue)
    write_popular(rows, bought, popular)
