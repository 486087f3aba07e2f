"""Shops whose right answer is known, for every algorithm."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Codes = npt.NDArray[np.int64]
Scores = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Shop:
    """Who took what; each user's item ``wanted`` (users,), which a right model ranks above all ``rivals``."""

    counts: csr_matrix
    wanted: Codes
    rivals: npt.NDArray[np.bool_]

    def auc(self, scores: Scores) -> float:
        """Share of rivals that score below the wanted item: 0.5 by chance. ``scores`` (users, items)."""
        mine = np.take_along_axis(scores, self.wanted[:, None], axis=1)
        below = (scores < mine) + 0.5 * (scores == mine)
        return float(below[self.rivals].mean())


def checkerboard(side: int = 40) -> Shop:
    """Users take every item of their own parity but the one with their own number."""
    users, items = np.indices((side, side))
    taken = (users % 2 == items % 2) & (users != items)
    return Shop(csr_matrix(taken.astype(np.float32)), np.arange(side), users % 2 != items % 2)


def tastes(users: int, items: int, groups: int, each: int, seed: int = 0) -> Shop:
    """Users take ``each`` random items of their own group's, and one item that anybody may like."""
    rng = np.random.default_rng(seed)
    group_of_item = np.arange(items) % groups
    counts, wanted = np.zeros((users, items), np.float32), np.empty(users, np.int64)
    for user in range(users):
        mine = rng.permutation(np.flatnonzero(group_of_item == user % groups))
        counts[user, mine[:each]] = rng.integers(1, 4, each)
        wanted[user] = mine[each]
        counts[user, rng.integers(items)] += user % 2
        counts[user, wanted[user]] = 0
    strange = np.arange(users)[:, None] % groups != group_of_item
    return Shop(csr_matrix(counts), wanted, strange & (counts == 0))


def sloping(users: int = 400, items: int = 120, seed: int = 0) -> Shop:
    """Nobody has a taste, but some items are liked by more users than others are."""
    rng = np.random.default_rng(seed)
    likes = np.linspace(0.6, 0.01, items)
    taken = rng.random((users, items)) < likes
    wanted = np.array([rng.choice(np.flatnonzero(row)) for row in taken])
    taken[np.arange(users), wanted] = False
    rivals = ~taken
    rivals[np.arange(users), wanted] = False
    return Shop(csr_matrix(taken.astype(np.float32)), wanted, rivals)
