"""Compiles what is compiled at run time: ``python -m recommender.fitting.warm``, when an image is built."""

import numpy as np
from scipy.sparse import csr_matrix

from recommender.fitting.bpr import fit_bpr
from recommender.fitting.fitted import Course, History
from recommender.hyperparameters import Hyperparameters


def warm() -> None:
    """Fit a shop of two customers: afterwards the machine code is there, and in numba's cache."""
    counts = csr_matrix(np.eye(2, 3, dtype=np.float32))
    fit_bpr(History(counts), Hyperparameters(algorithm="bpr", factors=2, iterations=1), Course(threads=1))


if __name__ == "__main__":
    warm()
