"""Early stopping: some pairs are held out, and the fit ends when their ranking no longer improves."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.fitting.bpr_kernel import Parameters
from recommender.fitting.bpr_parameters import final_factors
from recommender.fitting.bpr_settings import Settings
from recommender.fitting.checks import ones_of

PATIENCE = 5  # epochs without improvement
MAX_PAIRS = 5_000
NEGATIVES = 200  # random items that each held-out pair is ranked among

Codes = npt.NDArray[np.int64]


class Stopper:
    """Watches a fit on ``training``; ``best`` are the parameters of the best epoch so far."""

    def __init__(self, training: csr_matrix, users: Codes, items: Codes, negatives: Codes) -> None:
        self.training = training
        self.best: Parameters | None = None
        self.best_epoch = 0
        self._best_score = -1.0
        self._users, self._items, self._negatives = users, items, negatives

    @classmethod
    def of(cls, weighted: csr_matrix, settings: Settings) -> "Stopper | None":
        """Hold out pairs of users who have others; None where that leaves nothing on either side."""
        rng = np.random.default_rng([settings.seed, 1])
        sizes = np.diff(weighted.indptr)
        users = np.repeat(np.arange(len(sizes)), sizes)
        held = (rng.random(weighted.nnz) < settings.validation_fraction) & (sizes[users] > 1)
        if not held.any() or held.all():
            return None
        kept = (weighted.data[~held], (users[~held], weighted.indices[~held]))
        watched = rng.permutation(np.flatnonzero(held))[:MAX_PAIRS]
        negatives = rng.integers(weighted.shape[1], size=(len(watched), NEGATIVES))
        items = weighted.indices[watched].astype(np.int64)
        return cls(csr_matrix(kept, shape=weighted.shape), users[watched], items, negatives)

    def stops(self, epoch: int, parameters: Parameters) -> bool:
        """Keep the parameters if they are the best so far; return whether the best epoch is too long ago."""
        score = self._score(parameters)
        if score > self._best_score:
            self._best_score, self.best_epoch = score, epoch
            self.best = Parameters(*(part.copy() for part in parameters))
        return epoch - self.best_epoch >= PATIENCE

    def _score(self, parameters: Parameters) -> float:
        """Return the mean of 1 / log2(1 + rank) of the held-out pairs: NDCG with one relevant item."""
        users, items = final_factors(ones_of(self.training), parameters)
        vectors = users[self._users]
        right = np.einsum("nk,nk->n", vectors, items[self._items])
        better = np.zeros(len(right), dtype=np.int64)
        for column in self._negatives.T:
            better += np.einsum("nk,nk->n", vectors, items[column]) > right
        return float(np.mean(1 / np.log2(2 + better)))
