"""Coded columns: each row holds a code into the column's distinct values.

Everything is computed once per distinct text, and a million rows are then looked
up in a table of the results. A missing value has code -1, which numpy reads as
the last entry of a table: every table here ends with the entry for a missing value.
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
        """Return the answer for each row, given the answer for each value; False for a missing value."""
        return np.append(truths(answers), False)[self.codes]

    def texts(self) -> CodedTexts:
        """Return the column as an Arrow array, with nulls for missing texts and without unused values.

        Otherwise Parquet would write all values again with each slice of the rows.
        """
        used: CodedTexts = pc.dictionary_encode(nullable(self.codes))
        return pa.DictionaryArray.from_arrays(used.indices, self.values.take(used.dictionary))


def nullable(codes: Codes) -> pa.Int32Array:
    """Convert codes to an Arrow array, with nulls for missing ones."""
    missing = codes == MISSING
    indices: pa.Int32Array = pa.array(codes, pa.int32(), mask=missing if missing.any() else None)
    return indices


def encode(texts: CodedTexts) -> Coded:
    """Convert a dictionary-encoded array to a coded column."""
    codes: Codes = pc.fill_null(texts.indices, MISSING).to_numpy()
    values: Any = texts.dictionary
    return Coded(codes, values)


def recode(column: Coded, cleaned: Texts) -> Coded:
    """Replace each value by its cleaned text; values with the same text become one, in sorted order.

    ``cleaned`` is as long as ``column.values``; a null makes the value a missing one.
    Order is by code point, so a code is also a rank.
    """
    values: Texts = pc.unique(cleaned).drop_null()
    values = values.take(pc.sort_indices(values))
    table = np.append(integers(pc.index_in(cleaned, values), MISSING), MISSING).astype(np.int32)
    return Coded(table[column.codes], values)


def first_equal(rows: int, columns: Iterable[Codes]) -> Codes:
    """Return for each of ``rows`` rows the first row that equals it in every column, which may be itself.

    It is exact: codes are packed into one integer. When that is full, rows that have no equal so far are
    dropped, so the most selective columns should come first.
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
    """Keep the rows that share their key with another row, and number these keys from 0."""
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
    """Mark the rows that are among the first ``n`` of their key, for rows sorted by key."""
    rank = np.arange(len(sorted_keys)) - np.searchsorted(sorted_keys, sorted_keys, side="left")
    return rank < n
