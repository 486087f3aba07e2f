"""One sheet of a workbook as texts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from prepare_dataset.table.arrays import Ints
from prepare_dataset.table.arrow import truths


@dataclass(frozen=True)
class Sheet:
    """A sheet from row 1 on, columns in their order: ``head`` with the header, and all rows below it.

    Only ``rest`` is dictionary-encoded: texts above the header are no values of a column.
    """

    head: pa.RecordBatch
    rest: pa.RecordBatch

    @property
    def is_empty(self) -> bool:
        """Whether no cell has a text."""
        batches = (self.head, self.rest)
        return all(len(column) == column.null_count for batch in batches for column in batch.columns)

    @property
    def widest_row(self) -> int:
        """The largest number of cells with a text in a row."""
        filled = [_filled(batch).max(initial=0) for batch in (self.head, self.rest)]
        return int(max(filled))

    def first_rows(self) -> list[tuple[str | None, ...]]:
        """Return the cells of the rows in which the header may be."""
        return list(zip(*(column.to_pylist() for column in self.head.columns), strict=True))

    def below(self, row: int) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield all rows below the header's row (0-based), in blocks with the number of their first row."""
        yield row + 2, self.head.slice(row + 1)
        yield self.head.num_rows + 1, self.rest

    @classmethod
    def saved(cls, path: Path) -> "Sheet":
        """Read a sheet from the file that `program.py` wrote: two streams of one batch each."""
        with pa.OSFile(str(path), "rb") as file:
            head, rest = (batch for _ in range(2) for batch in pa.ipc.open_stream(file))
        return cls(head, rest)


def _filled(batch: pa.RecordBatch) -> Ints:
    counts = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        counts += truths(column.is_valid())
    return counts
