"""Recommendations as Parquet, for analysts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arro3.core import Array, DataType, Field, Schema, Table
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


class RecommendationsTable:
    """Collects recommendations by column and writes them as one Parquet file."""

    def __init__(self) -> None:
        self._users: list[str] = []
        self._ranks: list[int] = []
        self._items: list[str] = []
        self._scores: list[float] = []

    def __len__(self) -> int:
        return len(self._users)

    def add(self, user: str, recommendations: list[Scored]) -> None:
        """Append a user's list, best first; ranks count from 1."""
        for rank, (item, score) in enumerate(recommendations, start=1):
            self._users.append(user)
            self._ranks.append(rank)
            self._items.append(item)
            self._scores.append(score)

    def write(self, path: Path) -> None:
        """Write the table with columns user_id, rank, item_id, score."""
        columns: tuple[Sequence[Any], ...] = (self._users, self._ranks, self._items, self._scores)
        arrays = [Array(column, SCHEMA.field(i).type) for i, column in enumerate(columns)]
        write_parquet(Table.from_arrays(arrays, schema=SCHEMA), str(path))
