"""From a transaction file to everything a run starts from."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from prepare_dataset.files.formats import Format
from prepare_dataset.malloc_tuning import share_heap
from prepare_dataset.read.reader import read
from prepare_dataset.read.source import open_source
from prepare_dataset.table.columns import OUR_HEADERS, Headers
from prepare_dataset.table.raw_table import RawTable

if TYPE_CHECKING:
    from prepare_dataset.clean.reasons import Profile
    from prepare_dataset.clean.splitting import SplitRule
    from prepare_dataset.increments.append import Neighbours
    from prepare_dataset.report.difference import Origin
    from prepare_dataset.report.model import QualityReport


def prepare_file(
    source: Path | None,
    target: Path,
    *,
    profile: "Profile",
    split: "SplitRule",
    top_n: int,
    exclude_purchased: bool = True,
    headers: Headers = OUR_HEADERS,
    others: "Neighbours | None" = None,
    origin: "Origin | None" = None,
    progress: Callable[[str], None] | None = None,
) -> "QualityReport":
    """Read, clean and split ``source``, and write a run's files below ``target``.

    ``others`` are earlier uploads' lines that the file is added to; without a file, they are the dataset.
    ``Rejected`` is raised before anything is written. The report is written last: where it stands,
    all else does. ``origin`` tells it which run it is of, and what to compare it with.
    """
    say = progress or (lambda _: None)
    share_heap()
    with ThreadPoolExecutor(1) as pool:
        # To import all that follows takes half as long as to read a million rows.
        pool.submit(import_module, "prepare_dataset.write.outputs")
        rows = [_read(source, headers, say) if source else None]
    from prepare_dataset.write.outputs import make_outputs

    return make_outputs(
        rows.pop(),  # nothing here shall hold them
        target,
        profile=profile,
        split=split,
        top_n=top_n,
        exclude_purchased=exclude_purchased,
        others=others,
        origin=origin,
        say=say,
    )


def _read(source: Path, headers: Headers, say: Callable[[str], None]) -> tuple[RawTable, Format]:
    with open_source(source) as (path, source_format):
        raw = read(path, source_format, say, headers)
    pa.default_memory_pool().release_unused()  # Arrow keeps what reading took and let go
    return raw, source_format
