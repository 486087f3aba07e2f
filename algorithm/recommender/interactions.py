"""Interactions as integer codes, and as the sparse matrix that algorithms want."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Interactions:
    """Rows of a channel: in row r, user ``user_ids[user_codes[r]]`` took item ``item_ids[item_codes[r]]``.

    Ids are sorted by code point and unique, so a code does not depend on the order of the rows.
    """

    user_ids: list[str]
    item_ids: list[str]
    user_codes: IntArray
    item_codes: IntArray


@dataclass(frozen=True)
class HeldOut:
    """Held-out interactions in the training data's codes.

    ``users`` (n,) are known to the training data and have a held-out row; ``truth`` has a row for each of
    them and a column for each training item. A held-out item that training never saw has no column: no
    list can hold it, so it counts against every list alike.
    """

    users: IntArray
    truth: csr_matrix
    unknown_users: int


def count_matrix(interactions: Interactions) -> csr_matrix:
    """How often each user took each item: (users, items), float32, sorted indices, no pair twice."""
    shape = (len(interactions.user_ids), len(interactions.item_ids))
    ones = np.ones(len(interactions.user_codes), dtype=np.float32)
    # Going from COO to CSR adds up what is there twice.
    matrix = csr_matrix((ones, (interactions.user_codes, interactions.item_codes)), shape=shape)
    matrix.sort_indices()
    return matrix


def align(held_out: Interactions, training: Interactions) -> HeldOut:
    """Express held-out interactions in the codes of the training data."""
    user_of = _translation(held_out.user_ids, training.user_ids)
    item_of = _translation(held_out.item_ids, training.item_ids)
    users = np.flatnonzero(user_of >= 0)
    row_of = np.full(len(user_of), -1, dtype=np.int32)
    row_of[users] = np.arange(len(users), dtype=np.int32)
    rows, columns = row_of[held_out.user_codes], item_of[held_out.item_codes]
    kept = (rows >= 0) & (columns >= 0)
    ones = np.ones(int(kept.sum()), dtype=np.float32)
    truth = csr_matrix((ones, (rows[kept], columns[kept])), shape=(len(users), len(training.item_ids)))
    truth.data[:] = 1
    return HeldOut(user_of[users], truth, len(user_of) - len(users))


def _translation(ids: list[str], into: list[str]) -> IntArray:
    """Code in ``into`` of each of ``ids``; -1 where it is absent."""
    code_of = {name: code for code, name in enumerate(into)}
    return np.fromiter((code_of.get(name, -1) for name in ids), dtype=np.int32, count=len(ids))
