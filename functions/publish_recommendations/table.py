"""Recommendations as Parquet, for analysts; written in row groups, so that memory does not grow with rows."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema
from arro3.io import write_parquet

from retailrec_shared.serving.answer_lists import Scored

SCHEMA = Schema(
    [
        Field("user_id", DataType.utf8(), nullable=False),
        Field("rank", DataType.int32(), nullable=False),
        Field("item_id", DataType.utf8(), nullable=False),
        Field("score", DataType.float64(), nullable=False),
    ]
)
BATCH_ROWS = 1 << 15
# With the longest ids a row has two kilobytes.
GROUP_ROWS = 1 << 17
# Without it, long ids fill the function's storage: a customer's id is repeated in each of its rows.
COMPRESSION = "snappy"

Columns = tuple[list[str], list[int], list[str], list[float]]


def write_table(lists: Iterable[tuple[str, Sequence[Scored]]], path: Path) -> int:
    """Write users' lists, best first, with columns user_id, rank, item_id, score; return the rows.

    Ranks count from 1. Raises what ``lists`` raises.
    """
    batches = _Batches(lists)
    try:
        reader = RecordBatchReader.from_batches(SCHEMA, iter(batches))
        write_parquet(
            reader,
            str(path),
            max_row_group_size=GROUP_ROWS,
            dictionary_page_size_limit=1 << 20,
            compression=COMPRESSION,
        )
    except Exception:
        if batches.problem is not None:  # which arro3 raises in an error of its own
            raise batches.problem from None
        raise
    return batches.rows


class _Batches:
    """Yields record batches, and keeps what prevented the next one."""

    def __init__(self, lists: Iterable[tuple[str, Sequence[Scored]]]) -> None:
        self._lists = lists
        self.rows = 0
        self.problem: Exception | None = None

    def __iter__(self) -> Iterator[RecordBatch]:
        try:
            for columns in self._columns():
                self.rows += len(columns[0])
                sequences: tuple[Sequence[Any], ...] = columns
                arrays = [Array(column, SCHEMA.field(i).type) for i, column in enumerate(sequences)]
                yield RecordBatch.from_arrays(arrays, schema=SCHEMA)
        except Exception as problem:
            self.problem = problem
            raise

    def _columns(self) -> Iterator[Columns]:
        columns: Columns = ([], [], [], [])
        for user, recommendations in self._lists:
            users, ranks, items, scores = columns
            for rank, (item, score) in enumerate(recommendations, start=1):
                users.append(user)
                ranks.append(rank)
                items.append(item)
                scores.append(score)
            if len(users) >= BATCH_ROWS:
                yield columns
                columns = ([], [], [], [])
        if columns[0]:
            yield columns
