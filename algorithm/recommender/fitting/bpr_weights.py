"""The weight of each pair in a BPR fit: recent ones weigh more, and those of busy users less."""

import numpy as np
from scipy.sparse import csr_matrix

from recommender.fitting.fitted import History

EVENNESS = 0.25  # 0: every pair weighs the same; 1: every user
# Demand changes with the season: a pair's weight falls with its age, towards this share.
OLDEST = 0.2
FADING = 0.2  # age at which a weight has fallen by 63 % of the way, as a share of the log's length


def weighted_pairs(interactions: History) -> csr_matrix:
    """Return the pairs (users, items) with their weights, of mean 1, as data."""
    counts = interactions.counts
    sizes = np.diff(counts.indptr).astype(np.float64)
    weights = np.repeat(np.maximum(sizes, 1) ** -EVENNESS, np.diff(counts.indptr))
    if interactions.ages is not None:
        weights *= OLDEST + (1 - OLDEST) * np.exp(-interactions.ages.astype(np.float64) / FADING)
    weights /= weights.mean() if len(weights) else 1.0
    return csr_matrix((weights.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)
