"""Fold-in: a user vector for a basket of items, without training."""

import numpy as np
from scipy.sparse import csr_matrix

from recommender.fitting.fitted import Factors

RIDGE = 1e-3  # of the mean square of a basket's vector
MAX_USERS = 100_000  # more do not change the result


def basket_vectors(ones: csr_matrix, item_factors: Factors) -> Factors:
    """Return the sum of each row's item vectors divided by the square root of their number: (users, k)."""
    sizes = np.maximum(np.diff(ones.indptr), 1).astype(np.float32)
    vectors: Factors = (ones @ item_factors) / np.sqrt(sizes)[:, None]
    return vectors


def fit_fold_in(ones: csr_matrix, user_factors: Factors, item_factors: Factors) -> Factors:
    """Return the matrix (k, k) that best maps basket vectors to user vectors, by ridge regression.

    Each user counts once, whatever the length of the basket.
    """
    some = slice(0, MAX_USERS)
    baskets = basket_vectors(ones[some], item_factors).astype(np.float64)
    gram = baskets.T @ baskets
    gram[np.diag_indices_from(gram)] += RIDGE * max(np.trace(gram) / len(gram), 1e-12)
    fold: Factors = np.linalg.solve(gram, baskets.T @ user_factors[some]).astype(np.float32)
    return fold
