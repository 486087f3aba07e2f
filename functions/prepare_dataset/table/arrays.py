"""Coded columns: each row holds a code into the column's distinct values.

Whatever has to be decided about a text is decided once per distinct text, and
a million rows are then answered by one look into a table. A missing value has
code -1, which numpy reads as the last entry of a table: every table here ends
with the answer for a missing value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prepare_dataset.table.arrow import CodedTexts, Texts, integers, pc, truths

Codes = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MISSING = -1
_KEY_LIMIT = 2**62


@dataclass(frozen=True)
class Coded:
    """A column of texts: ``codes`` (n,) into ``values``, -1 where there is none."""

    codes: Codes
    values: Texts

    def take(self, rows: Indices) -> "Coded":
        """Keep some rows; the values stay as they are."""
        return Coded(self.codes[rows], self.values)

    def pick(self, rows: Bools) -> "Coded":
        """Keep the rows (n,) that are marked."""
        return Coded(self.codes[rows], self.values)

    def where(self, answers: pa.BooleanArray) -> Bools:
        """Answer for each row, given the answer for each value; it is no for a missing one."""
        return np.append(truths(answers), False)[self.codes]

    def texts(self) -> CodedTexts:
        """The column as Arrow sees it, with nulls where a text is missing and no value that no row has.

        Parquet would write every value anew with each slice of the rows.
        """
        used: CodedTexts = pc.dictionary_encode(nullable(self.codes))
        return pa.DictionaryArray.from_arrays(used.indices, self.values.take(used.dictionary))


def nullable(codes: Codes) -> pa.Int32Array:
    """Hand codes to Arrow, as nulls where there is none."""
    missing = codes == MISSING
    indices: pa.Int32Array = pa.array(codes, pa.int32(), mask=missing if missing.any() else None)
    return indices


def encode(texts: CodedTexts) -> Coded:
    """Take a dictionary-encoded column apart."""
    codes: Codes = pc.fill_null(texts.indices, MISSING).to_numpy()
    values: Any = texts.dictionary
    return Coded(codes, values)


def recode(column: Coded, parsed: Texts) -> Coded:
    """Replace each value by its meaning; values of one meaning become one, in sorted order.

    ``meaning`` is as long as ``column.values``; a null makes the value a missing one.
    Order is by code point, so a code is also a rank.
    """
    values: Texts = pc.unique(parsed).drop_null()
    values = values.take(pc.sort_indices(values))
    table = np.append(integers(pc.index_in(parsed, values), MISSING), MISSING).astype(np.int32)
    return Coded(table[column.codes], values)


def first_equal(rows: int, columns: Iterable[Codes]) -> Codes:
    """The first row that equals each of ``rows`` rows in every column: itself, if none before it does.

    Exact: codes are packed side by side into one integer. When it is full, rows that have no equal so
    far are done with, so columns that tell most rows apart come first.
    """
    first = np.arange(rows, dtype=np.int32)
    left, key, size = first, np.zeros(rows, dtype=np.int64), 1
    for codes in columns:
        width = int(codes.max(initial=MISSING)) + 2
        if size > _KEY_LIMIT // width:
            size = max(len(left), 1)
            left, key = _rows_with_equals(left, key)
        key *= width
        key += codes[left] + 1
        size *= width
    left, key = _rows_with_equals(left, key)
    first_of_key = np.empty(rows, dtype=np.int32)
    first_of_key[key[::-1]] = left[::-1]  # of several rows with one key, the last assignment stays
    first[left] = first_of_key[key]
    return first


def _rows_with_equals(rows: Codes, key: Ints) -> tuple[Codes, Ints]:
    """Keep the rows whose key is not theirs alone, and number their keys from 0."""
    order = np.argsort(key)
    ordered = key[order]
    new = np.ones(len(key) + 1, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:-1])
    shared = order[~(new[:-1] & new[1:])]
    number = np.empty(len(key), dtype=np.int64)
    number[order] = np.cumsum(new[:-1]) - 1
    shared.sort()
    return rows[shared], number[shared]


def distinct(keys: Ints) -> Ints:
    """Sort keys and keep one of each: several times faster than ``np.unique``, which hashes them."""
    ordered = np.sort(keys)
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


def first_n_of_each(sorted_keys: Codes | Ints, n: int) -> Bools:
    """Which rows are among the first ``n`` of their key, for rows sorted by key."""
    rank = np.arange(len(sorted_keys)) - np.searchsorted(sorted_keys, sorted_keys, side="left")
    return rank < n
