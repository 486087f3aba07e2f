"""EASE (Steck, 2019): an item's score is a weighted sum over the other items of a history, in closed form."""

import math

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from recommender.errors import UserError
from recommender.fitting.checks import ones_of
from recommender.fitting.fitted import Factors, FitContext, Fitted, History
from recommender.hyperparameters import Hyperparameters
from recommender.threads import blas_threads

# Times the square root of the pairs: 930 for Online Retail II. The best value grows with the data.
LAMBDA_PER_ROOT = 1.5
TOP_K = 500  # weights kept for an item
MAX_ITEMS = 20_000  # its matrices of items x items then take 5 GB
TOO_MANY = (
    "algorithm=ease needs memory for the square of the number of items: {items} are more than {most}."
    " Use algorithm=bpr or algorithm=als, or remove rare items from the data."
)


def fit_ease(interactions: History, chosen: Hyperparameters, context: FitContext) -> Fitted:
    """Solve for the weights in one step, without progress or checkpoints.

    ``item_weights[j, i]`` is what item j in a history adds to the score of i; the ``top_k`` weights of
    largest size are kept for each i.
    """
    ones = ones_of(interactions.counts)
    items = ones.shape[1]
    if items > MAX_ITEMS:
        raise UserError(TOO_MANY.format(items=items, most=MAX_ITEMS))
    shrink = chosen.ease_lambda or LAMBDA_PER_ROOT * math.sqrt(ones.nnz)
    with blas_threads(context.threads):
        weights = _weights(ones, shrink)
    return Fitted(item_weights=_pruned(weights, chosen.top_k or TOP_K))


def _weights(ones: csr_matrix, shrink: float) -> Factors:
    """Return -P[j, i] / P[i, i] for the inverse P of the items' products, and 0 on the diagonal."""
    gram = (ones.T @ ones).toarray()
    gram[np.diag_indices_from(gram)] += np.float32(shrink)
    # float32 and Cholesky: half the time and memory; lambda keeps the matrix well conditioned.
    inverse = cho_solve(
        cho_factor(gram, overwrite_a=True, check_finite=False),
        np.eye(len(gram), dtype=gram.dtype),
        overwrite_b=True,
        check_finite=False,
    )
    weights: Factors = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def _pruned(weights: Factors, most: int) -> csr_matrix:
    """Keep the ``most`` weights of largest size in each column, as a sparse matrix with sorted indices."""
    items = len(weights)
    if most >= items:
        return csr_matrix(weights)
    kept: npt.NDArray[np.intp] = np.argpartition(-np.abs(weights), most, axis=0)[:most]
    columns = np.broadcast_to(np.arange(items), kept.shape)
    values = np.take_along_axis(weights, kept, axis=0)
    return csr_matrix((values.ravel(), (kept.ravel(), columns.ravel())), shape=weights.shape)
