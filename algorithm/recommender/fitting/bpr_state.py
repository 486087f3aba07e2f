"""What a BPR fit is made of while it runs, and its form as plain factors and back."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.fitting.bpr_kernel import Parts
from recommender.fitting.bpr_settings import Settings
from recommender.fitting.fitted import Checkpoint, Factors

FIRST_SPREAD = 0.28  # of a vector's length, at first
SHORT_HISTORY = 10  # histories much shorter than this say less of their user


def new_parts(ones: csr_matrix, settings: Settings) -> Parts:
    """Begin with small random factors and no bias."""
    rng = np.random.default_rng(settings.seed)
    users, items = ones.shape
    spread = FIRST_SPREAD / np.sqrt(settings.factors)

    def random(rows: int) -> Factors:
        return rng.standard_normal((rows, settings.factors), dtype=np.float32) * np.float32(spread)

    own, taken, vectors = random(users), random(items), random(items)
    return Parts(own, taken, vectors, np.zeros(items, np.float32), _shares(ones))


def working_factors(ones: csr_matrix, parts: Parts) -> tuple[Factors, Factors]:
    """Write all parts as two tables whose product is the scores: users, and items with both their vectors.

    Users (users, 2k + 1) hold their vector, zeros, and 1; items (items, 2k + 1) both vectors and the bias.
    """
    vectors = _vectors(ones, parts)
    still = np.zeros_like(vectors)
    return _table(vectors, still, np.ones(len(vectors))), _table(parts.items, parts.taken, parts.biases)


def final_factors(ones: csr_matrix, parts: Parts) -> tuple[Factors, Factors]:
    """Write the parts as plain factors (users, k + 1) and (items, k + 1), the last column the bias."""
    vectors = _vectors(ones, parts)
    return _table(vectors, np.ones(len(vectors))), _table(parts.items, parts.biases)


def resumed_parts(ones: csr_matrix, settings: Settings, start: Checkpoint) -> Parts | None:
    """Undo ``working_factors``; None if they are not of this shape."""
    k = settings.factors
    if (start.user_factors.shape, start.item_factors.shape) != tuple((n, 2 * k + 1) for n in ones.shape):
        return None
    items = start.item_factors.astype(np.float32)
    taken = np.ascontiguousarray(items[:, k : 2 * k])
    unknown = np.zeros((ones.shape[0], k), dtype=np.float32)
    parts = Parts(unknown, taken, np.ascontiguousarray(items[:, :k]), items[:, -1].copy(), _shares(ones))
    return parts._replace(own=own_vectors(ones, parts, start.user_factors))


def own_vectors(ones: csr_matrix, parts: Parts, users: Factors) -> Factors:
    """Take the history's part out of the users' vectors in ``users`` (users, 2k + 1)."""
    k = parts.items.shape[1]
    own: Factors = users[:, :k].astype(np.float32) - parts.shares[:, None] * (ones @ parts.taken)
    return own


def _shares(ones: csr_matrix) -> Factors:
    """Return each user's share of the history's sum."""
    shares: Factors = (1 / np.sqrt(np.diff(ones.indptr) + SHORT_HISTORY)).astype(np.float32)
    return shares


def _vectors(ones: csr_matrix, parts: Parts) -> Factors:
    vectors: Factors = parts.own + parts.shares[:, None] * (ones @ parts.taken)
    return vectors


def _table(*columns: npt.NDArray[np.floating]) -> Factors:
    return np.column_stack(columns).astype(np.float32)
