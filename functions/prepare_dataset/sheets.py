"""One sheet of a workbook as texts, kept in memory or in a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from prepare_dataset.arrays import Ints
from prepare_dataset.arrow import AnyArray, pc, truths
from prepare_dataset.columns import HEADER_ROWS_SEARCHED


@dataclass(frozen=True)
class Sheet:
    """A sheet from row 1 on, columns in their order: ``head``, where the header is, and all below it.

    Only ``rest`` is coded: what stands above the values of a column is none of them.
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
        """How many cells of a row have a text, at most."""
        filled = [_filled(batch).max(initial=0) for batch in (self.head, self.rest)]
        return int(max(filled))

    def first_rows(self) -> list[tuple[str | None, ...]]:
        """Cells of those rows that the header may be in."""
        return list(zip(*(column.to_pylist() for column in self.head.columns), strict=True))

    def below(self, row: int) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield all rows after that of the header (0-based), in blocks, each with its first row's number."""
        yield row + 2, self.head.slice(row + 1)
        yield self.head.num_rows + 1, self.rest

    def save(self, path: Path) -> None:
        """Write the sheet to a file."""
        with path.open("wb") as file:
            for batch in (self.head, self.rest):
                with pa.ipc.new_stream(file, batch.schema) as stream:
                    stream.write_batch(batch)

    @classmethod
    def saved(cls, path: Path) -> "Sheet":
        """Read a sheet from its file."""
        with path.open("rb") as file:
            head, rest = (batch for _ in range(2) for batch in pa.ipc.open_stream(file))
        return cls(head, rest)


def load_sheet(workbook: Any, name: str) -> Sheet:
    """Read a sheet of an open workbook, each cell as its text, null where there is none.

    A number keeps nine decimals, and one that is whole has none: ``85048``, never ``85048.0``.
    """
    # skip_rows=0 keeps the empty rows at the top, so that rows are numbered as the sheet shows them.
    cells = workbook.load_sheet_eager(name, header_row=None, skip_rows=0, dtypes="string")
    head, rest = cells.slice(0, HEADER_ROWS_SEARCHED), cells.slice(HEADER_ROWS_SEARCHED)
    del cells
    # The head is copied, so that nothing keeps all the texts in memory.
    return Sheet(
        _batch(pa.concat_arrays([column]) for column in head.columns),
        _batch(pc.dictionary_encode(column) for column in rest.columns),
    )


def _filled(batch: pa.RecordBatch) -> Ints:
    counts = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        counts += truths(column.is_valid())
    return counts


def _batch(columns: Iterable[AnyArray]) -> pa.RecordBatch:
    arrays = list(columns)
    return pa.record_batch(arrays, names=[str(place) for place in range(len(arrays))])
