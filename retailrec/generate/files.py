"""Writes a dataset as a file in the format of its suffix."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from retailrec.generate.dataset import Dataset
from retailrec.generate.separated import write_csv
from retailrec.generate.shape import SHEETS, Shape
from retailrec.generate.table import SCHEMA
from retailrec.generate.xlsx import write_xlsx

FORMATS = (".xlsx", ".csv", ".csv.gz", ".parquet")
Progress = Callable[[int, int], None]  # rows written, rows in all


def write_parquet(path: Path, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches as one Parquet file."""
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for batch in batches:
            writer.write_batch(batch)


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[Path]:
    """Yield a path next to ``path`` that replaces it at the end; an interrupted write leaves nothing."""
    part = path.with_name(f".part-{path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, shape: Shape, seed: int = 0, progress: Progress | None = None) -> None:
    """Write a dataset to ``path``; xlsx has two sheets, the other formats have them one after the other.

    Raises ValueError for an unknown suffix, and for more rows than a sheet of xlsx can hold.
    """
    format_ = next((suffix for suffix in FORMATS if path.name.endswith(suffix)), None)
    if format_ is None:
        raise ValueError(f"{path.name}: the suffix must be one of {', '.join(FORMATS)}")
    dataset, done = Dataset(shape, seed), 0

    def batches(sheet: str) -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in dataset.batches(sheet):
            yield batch
            done += batch.num_rows
            if progress:
                progress(done, shape.rows)

    with _whole_or_nothing(path) as part:
        if format_ == ".xlsx":
            write_xlsx(part, {sheet: batches(sheet) for sheet in SHEETS})
        else:
            one_after_the_other = (batch for sheet in SHEETS for batch in batches(sheet))
            (write_parquet if format_ == ".parquet" else write_csv)(part, one_after_the_other)
