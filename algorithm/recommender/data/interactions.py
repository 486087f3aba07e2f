"""Interactions as integer codes, and as the sparse matrix that algorithms need."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

IntArray = npt.NDArray[np.int32]
Times = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Interactions:
    """Rows of a channel: in row r, user ``user_ids[user_codes[r]]`` took item ``item_ids[item_codes[r]]``.

    Ids are sorted by code point and unique, so a code does not depend on the order of the rows. ``times``
    are seconds since 1970, NaN where a row has none; None when no row has one.
    """

    user_ids: list[str]
    item_ids: list[str]
    user_codes: IntArray
    item_codes: IntArray
    times: Times | None = None

    def __len__(self) -> int:
        return len(self.user_codes)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of users, number of items."""
        return len(self.user_ids), len(self.item_ids)


@dataclass(frozen=True)
class HeldOut:
    """Held-out interactions in the training data's codes.

    ``users`` (n,) are known to the training data and have a held-out row; ``truth`` has a row for each of
    them and a column for each training item. A held-out item that is not in the training data has no
    column and is in no list, so it lowers every recall; ``unseen`` (n,) is the number of those for each user.
    """

    users: IntArray
    truth: csr_matrix
    unknown_users: int
    unseen: npt.NDArray[np.int64]


def count_matrix(interactions: Interactions) -> csr_matrix:
    """Count how often each user took each item: (users, items), float32, sorted indices, each pair once."""
    ones = np.ones(len(interactions), dtype=np.float32)
    # Converting COO to CSR adds up duplicates.
    matrix = csr_matrix((ones, (interactions.user_codes, interactions.item_codes)), shape=interactions.shape)
    matrix.sort_indices()
    return matrix


def align(held_out: Interactions, training: Interactions) -> HeldOut:
    """Express held-out interactions in the codes of the training data."""
    user_of = _translation(held_out.user_ids, training.user_ids)
    item_of = _translation(held_out.item_ids, training.item_ids)
    users = np.flatnonzero(user_of >= 0)
    row_of = np.full(len(user_of), -1, dtype=np.int32)
    row_of[users] = np.arange(len(users), dtype=np.int32)
    rows = row_of[held_out.user_codes]
    # Distinct pairs; the columns are the held-out data's items.
    ones = np.ones(len(held_out), dtype=np.float32)[rows >= 0]
    pairs = (rows[rows >= 0], held_out.item_codes[rows >= 0])
    wanted = csr_matrix((ones, pairs), shape=(len(users), len(held_out.item_ids)))
    known = item_of[wanted.indices] >= 0
    row = np.repeat(np.arange(len(users)), np.diff(wanted.indptr))
    truth = csr_matrix(
        (np.ones(int(known.sum()), dtype=np.float32), (row[known], item_of[wanted.indices[known]])),
        shape=(len(users), len(training.item_ids)),
    )
    truth.sort_indices()
    unseen = np.bincount(row[~known], minlength=len(users))
    return HeldOut(user_of[users], truth, len(user_of) - len(users), unseen)


def select(interactions: Interactions, rows: Mask) -> Interactions:
    """Return some of the rows, without the ids that only the other rows have."""
    user_ids, user_codes = _recoded(interactions.user_ids, interactions.user_codes[rows])
    item_ids, item_codes = _recoded(interactions.item_ids, interactions.item_codes[rows])
    times = None if interactions.times is None else interactions.times[rows]
    # Where only some files have times, all of these rows may be without.
    if times is not None and np.isnan(times).all():
        times = None
    return Interactions(user_ids, item_ids, user_codes, item_codes, times)


def merge(one: Interactions, other: Interactions) -> Interactions:
    """Return the rows of both."""
    user_ids = sorted({*one.user_ids, *other.user_ids})
    item_ids = sorted({*one.item_ids, *other.item_ids})
    users = [_translation(each.user_ids, user_ids)[each.user_codes] for each in (one, other)]
    items = [_translation(each.item_ids, item_ids)[each.item_codes] for each in (one, other)]
    times = None
    if one.times is not None or other.times is not None:
        times = np.concatenate([_times(one), _times(other)])
    return Interactions(user_ids, item_ids, np.concatenate(users), np.concatenate(items), times)


def _times(interactions: Interactions) -> Times:
    return np.full(len(interactions), np.nan) if interactions.times is None else interactions.times


def _recoded(ids: list[str], codes: IntArray) -> tuple[list[str], IntArray]:
    present = np.zeros(len(ids), dtype=bool)
    present[codes] = True
    new_code = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return [ids[code] for code in np.flatnonzero(present).tolist()], new_code[codes]


def _translation(ids: list[str], into: list[str]) -> IntArray:
    """Return the code in ``into`` of each of ``ids`` (len(ids),) int32; -1 where it is absent."""
    code_of = {name: code for code, name in enumerate(into)}
    return np.fromiter((code_of.get(name, -1) for name in ids), dtype=np.int32, count=len(ids))
