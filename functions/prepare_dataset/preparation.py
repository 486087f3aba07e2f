"""The stages from the rows of a transaction file to all files that a run needs."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from prepare_dataset.clean.cleaning import classify
from prepare_dataset.clean.interactions import Interactions, interactions
from prepare_dataset.clean.reasons import KEPT
from prepare_dataset.clean.refusals import refuse_if_nothing_left
from prepare_dataset.clean.splitting import Split, split_rows
from prepare_dataset.increments.append import CleanedRows, DatasetRows, load_dataset, merge_uploads
from prepare_dataset.increments.lines import write_lines
from prepare_dataset.options import Options
from prepare_dataset.read.source import SourceRows
from prepare_dataset.report.fill import make_report
from prepare_dataset.report.page.page import make_page
from prepare_dataset.write.catalogue import write_catalogue
from prepare_dataset.write.columnar import write_interactions, write_rejected
from prepare_dataset.write.history import write_history
from prepare_dataset.write.popularity import write_popular
from prepare_dataset.write.purchased import Purchased, purchased
from prepare_dataset.write.similar_file import write_similar
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.core import names


class Preparation:
    """A dataset that is being prepared.

    It holds the only reference to the rows of a stage, and gives it up when a later stage takes them: their
    memory is free after the last task that needs them.
    """

    def __init__(
        self, options: Options, upload: SourceRows | None, progress: Callable[[str], None] = lambda _: None
    ) -> None:
        self._options = options
        self._progress = progress
        self._upload = upload
        self._keeps_own_lines = upload is not None
        self._cleaned: CleanedRows | None = None

    def run(self, target: Path) -> QualityReport:
        """Clean and split the rows, and write a run's files below ``target``."""
        self._progress("cleaning")
        kept = self._clean()
        self._progress("splitting")
        split = split_rows(kept.seconds, self._options.split)
        self._progress("writing")
        paths = _Paths(target)
        # Two tasks at a time: most of the work is Arrow's and numpy's, which let other threads run.
        with ThreadPoolExecutor(2) as pool:
            reporting, writing = self._submit_all_rows(pool, kept, split, paths)
            writing += self._submit_kept_rows(pool, kept, split, paths)
        for each in writing:
            each.result()
        report = reporting.result()
        paths[names.QUALITY_REPORT_HTML].write_text(make_page(report), encoding="utf-8")
        paths[names.QUALITY_REPORT_JSON].write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return report

    def _clean(self) -> Interactions:
        """Merge the upload with the other ones, decide which rows are kept, and return those."""
        dataset = self._merge()
        reasons = classify(dataset.parsed, self._options.profile)
        refuse_if_nothing_left(reasons)
        self._cleaned = CleanedRows(dataset, self._options.profile, reasons)
        return interactions(dataset.parsed, np.flatnonzero(reasons == KEPT))

    def _merge(self) -> DatasetRows:
        upload, self._upload = self._upload, None
        if upload:
            return merge_uploads(*upload, self._options.profile, self._options.others)
        if self._options.others is None:
            raise ValueError("there is neither a file nor kept lines to prepare")
        return load_dataset(self._options.others.before, self._options.profile)

    def _submit_all_rows(
        self, pool: ThreadPoolExecutor, kept: Interactions, split: Split, paths: "_Paths"
    ) -> "tuple[Future[QualityReport], list[Future[None]]]":
        """Start the tasks that need all rows: the report, the rejected rows, and the lines to keep."""
        cleaned, self._cleaned = self._cleaned, None
        assert cleaned, "rows are cleaned before they are written"  # noqa: S101
        dataset = cleaned.dataset
        reporting = pool.submit(make_report, cleaned, kept, split, self._options.origin)
        writing = [pool.submit(write_rejected, dataset.raw, cleaned.reasons, paths[names.REJECTED_PARQUET])]
        if self._keeps_own_lines:
            writing.append(pool.submit(write_lines, dataset.own or dataset.lines, paths[names.OWN_LINES]))
        if dataset.own:
            writing.append(pool.submit(write_lines, dataset.lines, paths[names.WHOLE_LINES]))
        return reporting, writing

    def _submit_kept_rows(
        self, pool: ThreadPoolExecutor, kept: Interactions, split: Split, paths: "_Paths"
    ) -> "list[Future[None]]":
        """Start the tasks that need only the rows that were kept."""
        bought = purchased(kept)
        history, batch_input = paths[names.HISTORY_JSONL], paths[names.BATCH_INPUT_JSONL]
        return [
            pool.submit(
                write_interactions, kept, split.train, paths[names.TRAIN_CSV], paths[names.TRAIN_PARQUET]
            ),
            pool.submit(
                write_history,
                kept,
                bought,
                history,
                batch_input,
                self._options.top_n,
                exclude_purchased=self._options.exclude_purchased,
            ),
            pool.submit(write_similar, kept, bought, paths[names.SIMILAR_JSONL]),
            pool.submit(_write_items, kept, bought, paths[names.CATALOGUE_JSONL], paths[names.POPULAR_JSON]),
            pool.submit(
                write_interactions, kept, split.test, paths[names.TEST_CSV], paths[names.TEST_PARQUET]
            ),
        ]


class _Paths:
    """The path of each output; its folder is created on access."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __getitem__(self, relative: str) -> Path:
        path = self._target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _write_items(rows: Interactions, bought: Purchased, catalogue: Path, popular: Path) -> None:
    write_catalogue(rows, bought.customers_of_items, catalogue)
    write_popular(rows, bought, popular)
