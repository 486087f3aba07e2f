"""Models and interactions of a given size, for measuring what does not depend on what was learned."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from recommender.data.interactions import Interactions
from recommender.fitting.fitted import Fitted, History
from recommender.model.model import build_model, save_model

SEED = 7


@dataclass(frozen=True)
class Size:
    """How large a model is; ``pairs`` distinct purchases in all."""

    users: int
    items: int
    factors: int
    pairs: int

    def __str__(self) -> str:
        return f"{self.users:,} users x {self.items:,} items x {self.factors} factors"


def interactions(size: Size) -> Interactions:
    """Draw purchases: few items take most of them, and no pair comes twice."""
    users, items, pairs = size.users, size.items, size.pairs
    random = np.random.default_rng(SEED)
    # Squaring a uniform number puts half of the purchases on a quarter of the items.
    drawn = random.integers(0, users, pairs * 5 // 4) * items
    drawn += (random.random(len(drawn)) ** 2 * items).astype(np.int64)
    drawn.sort()
    drawn = drawn[np.diff(drawn, prepend=-1) > 0]
    # Evenly spaced, so none comes twice: drawing without replacement takes minutes for tens of millions.
    kept = drawn[np.linspace(0, len(drawn) - 1, min(pairs, len(drawn))).astype(np.int64)]
    return Interactions(
        _ids("", users), _ids("P", items), (kept // items).astype(np.int32), (kept % items).astype(np.int32)
    )


def history_of(rows: Interactions) -> History:
    """Count purchases, the latest item first in recency."""
    shape = (len(rows.user_ids), len(rows.item_ids))
    ones = np.ones(len(rows.user_codes), dtype=np.float32)
    counts = csr_matrix((ones, (rows.user_codes, rows.item_codes)), shape=shape)
    counts.sort_indices()
    return History(counts, np.random.default_rng(SEED).random(counts.nnz, dtype=np.float32))


def save_synthetic(folder: Path, size: Size) -> None:
    """Write a model of random factors, with an item bias as fitted models have it."""
    random = np.random.default_rng(SEED)
    users = random.standard_normal((size.users, size.factors + 1), dtype=np.float32) / np.float32(3)
    items = random.standard_normal((size.items, size.factors + 1), dtype=np.float32) / np.float32(3)
    users[:, -1] = 1
    rows = interactions(size)
    fitted = Fitted(users, items, np.eye(size.factors + 1, dtype=np.float32))
    save_model(folder, build_model(rows, history_of(rows), fitted, 0.5), {"algorithm": "synthetic"}, {})


def user_id(number: int, users: int) -> str:
    """Name one user among so many; names sort as their numbers do."""
    return f"{number:0{max(5, len(str(users)))}d}"


def _ids(prefix: str, count: int) -> list[str]:
    return [prefix + user_id(number, count) for number in range(count)]
