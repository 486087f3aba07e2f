"""Fill numba's cache when an image is built: ``python -m recommender.fitting.warm``."""

import numpy as np
from scipy.sparse import csr_matrix

from recommender.fitting.bpr import fit_bpr
from recommender.fitting.fitted import FitContext, History
from recommender.hyperparameters import Hyperparameters


def warm() -> None:
    """Fit a shop of two customers: that compiles all functions and writes numba's cache."""
    counts = csr_matrix(np.eye(2, 3, dtype=np.float32))
    fit_bpr(History(counts), Hyperparameters(algorithm="bpr", factors=2, iterations=1), FitContext(threads=1))


if __name__ == "__main__":
    warm()
