"""Popularity: every user gets the items that most users took."""

import numpy as np

from recommender.fitting.fitted import FitContext, Fitted, History
from recommender.hyperparameters import Hyperparameters


def fit_popularity(interactions: History, chosen: Hyperparameters, context: FitContext) -> Fitted:
    """Score an item by its number of users, as one factor that is 1 for every user."""
    users, items = interactions.counts.shape
    buyers = np.bincount(interactions.counts.indices, minlength=items).astype(np.float32)
    # A basket of n items has the user vector sum(buyers) / sqrt(n) @ fold_in: positive, so the order holds.
    folding = np.array([[1 / max(float(buyers.mean()), 1.0)]], dtype=np.float32)
    return Fitted(np.ones((users, 1), dtype=np.float32), buyers[:, None], folding)
