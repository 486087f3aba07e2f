"""Early stopping: a few pairs are held back, and the fit ends when it no longer ranks them better."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.fitting.bpr_kernel import Parts
from recommender.fitting.bpr_settings import Settings
from recommender.fitting.bpr_state import final_factors
from recommender.fitting.checks import ones_of

PATIENCE = 5  # epochs without a better one
MOST_PAIRS = 5_000
RIVALS = 200  # random items that a pair held back is ranked among

Codes = npt.NDArray[np.int64]


class Stopper:
    """Watches a fit on ``training``; ``best`` are the parts of the best epoch so far."""

    def __init__(self, training: csr_matrix, users: Codes, items: Codes, rivals: Codes) -> None:
        self.training = training
        self.best: Parts | None = None
        self.best_epoch = 0
        self._best_score = -1.0
        self._users, self._items, self._rivals = users, items, rivals

    @classmethod
    def of(cls, weighted: csr_matrix, settings: Settings) -> "Stopper | None":
        """Hold back pairs of users who have others; None where there is none to spare."""
        rng = np.random.default_rng([settings.seed, 1])
        sizes = np.diff(weighted.indptr)
        users = np.repeat(np.arange(len(sizes)), sizes)
        held = (rng.random(weighted.nnz) < settings.validation_fraction) & (sizes[users] > 1)
        if not held.any() or held.all():
            return None
        kept = (weighted.data[~held], (users[~held], weighted.indices[~held]))
        watched = rng.permutation(np.flatnonzero(held))[:MOST_PAIRS]
        rivals = rng.integers(weighted.shape[1], size=(len(watched), RIVALS))
        items = weighted.indices[watched].astype(np.int64)
        return cls(csr_matrix(kept, shape=weighted.shape), users[watched], items, rivals)

    def stops(self, epoch: int, parts: Parts) -> bool:
        """Remember the parts if they are the best so far; tell whether that was too long ago."""
        score = self._score(parts)
        if score > self._best_score:
            self._best_score, self.best_epoch = score, epoch
            self.best = Parts(*(part.copy() for part in parts))
        return epoch - self.best_epoch >= PATIENCE

    def _score(self, parts: Parts) -> float:
        """Mean of 1 / log2(1 + rank) of the pairs held back: NDCG with one right item."""
        users, items = final_factors(ones_of(self.training), parts)
        people = users[self._users]
        right = np.einsum("nk,nk->n", people, items[self._items])
        better = np.zeros(len(right), dtype=np.int64)
        for column in self._rivals.T:
            better += np.einsum("nk,nk->n", people, items[column]) > right
        return float(np.mean(1 / np.log2(2 + better)))
