"""Checks and preparations that all fits share."""

import logging

import numpy as np
from scipy.sparse import csr_matrix

from recommender.errors import UserError
from recommender.fitting.fitted import Factors
from recommender.hyperparameters import Hyperparameters

DIVERGED = "Training diverged: its factors grew without bound. Lower learning_rate or regularization."
LARGEST = 1e17  # float32 holds 3e38
NO_GPU = "warning: use_gpu is true, but this image has no GPU code; training uses the CPU"

log = logging.getLogger(__name__)


def ones_of(counts: csr_matrix) -> csr_matrix:
    """Return the same cells, each holding 1 (float32)."""
    data = np.ones(counts.nnz, dtype=np.float32)
    return csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)


def require_numbers(*factors: Factors) -> None:
    """Raise UserError for factors that are not finite, or so large that their products may overflow."""
    if not all((np.abs(each) < LARGEST).all() for each in factors):
        raise UserError(DIVERGED)


def warn_of_gpu(chosen: Hyperparameters) -> None:
    """Log that ``use_gpu`` has no effect."""
    if chosen.use_gpu:
        log.warning(NO_GPU)
