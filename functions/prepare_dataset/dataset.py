"""From a transaction file to all files that a run needs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from prepare_dataset.malloc_tuning import tune_malloc
from prepare_dataset.options import Options
from prepare_dataset.read.reader import read
from prepare_dataset.read.source import SourceRows, open_source
from prepare_dataset.table.columns import Headers

if TYPE_CHECKING:
    from prepare_dataset.preparation import Preparation
    from retailrec_shared.contract.quality_report import QualityReport


def prepare_file(
    source: Path | None, target: Path, options: Options, progress: Callable[[str], None] | None = None
) -> "QualityReport":
    """Read, clean and split ``source``, and write a run's files below ``target``.

    Without a file, the kept lines of ``options.others`` are the dataset. ``Rejected`` is raised before
    anything is written. The report is written last: if it exists, so do all other files.
    """
    tune_malloc()
    return _start(source, options, progress or (lambda _: None)).run(target)


def _start(source: Path | None, options: Options, progress: Callable[[str], None]) -> "Preparation":
    """Read the file; only the preparation holds its rows afterwards."""
    with ThreadPoolExecutor(1) as pool:
        # These imports take half as long as reading a million rows.
        pool.submit(import_module, "prepare_dataset.preparation")
        upload = _read(source, options.headers, progress) if source else None
    from prepare_dataset.preparation import Preparation

    return Preparation(options, upload, progress)


def _read(source: Path, headers: Headers, progress: Callable[[str], None]) -> SourceRows:
    with open_source(source) as (path, source_format):
        raw = read(path, source_format, progress, headers)
    pa.default_memory_pool().release_unused()  # Arrow keeps memory that reading has freed
    return SourceRows(raw, source_format)
