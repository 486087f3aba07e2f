"""The parameters of a running BPR fit, and their conversion to plain factors and back."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.fitting.bpr_kernel import Parameters
from recommender.fitting.bpr_settings import Settings
from recommender.fitting.fitted import Checkpoint, Factors

INITIAL_NORM = 0.28  # of a vector
SHORT_HISTORY = 10  # much shorter histories have less weight in the user's vector


def initial_parameters(ones: csr_matrix, settings: Settings) -> Parameters:
    """Return small random factors and no bias."""
    rng = np.random.default_rng(settings.seed)
    users, items = ones.shape
    spread = INITIAL_NORM / np.sqrt(settings.factors)

    def random(rows: int) -> Factors:
        return rng.standard_normal((rows, settings.factors), dtype=np.float32) * np.float32(spread)

    own, taken, vectors = random(users), random(items), random(items)
    return Parameters(own, taken, vectors, np.zeros(items, np.float32), _shares(ones))


def working_factors(ones: csr_matrix, parameters: Parameters) -> tuple[Factors, Factors]:
    """Return all parameters as two tables whose product is the scores.

    Users (users, 2k + 1) hold their vector, zeros, and 1; items (items, 2k + 1) both vectors and the bias.
    """
    vectors = _vectors(ones, parameters)
    users = _table(vectors, np.zeros_like(vectors), np.ones(len(vectors)))
    return users, _table(parameters.items, parameters.taken, parameters.biases)


def final_factors(ones: csr_matrix, parameters: Parameters) -> tuple[Factors, Factors]:
    """Return the parameters as plain factors (users, k + 1) and (items, k + 1), the last column the bias."""
    vectors = _vectors(ones, parameters)
    return _table(vectors, np.ones(len(vectors))), _table(parameters.items, parameters.biases)


def resumed_parameters(ones: csr_matrix, settings: Settings, start: Checkpoint) -> Parameters | None:
    """Invert ``working_factors``; None if the checkpoint has another shape."""
    k = settings.factors
    if (start.user_factors.shape, start.item_factors.shape) != tuple((n, 2 * k + 1) for n in ones.shape):
        return None
    items = start.item_factors.astype(np.float32)
    taken = np.ascontiguousarray(items[:, k : 2 * k])
    unknown = np.zeros((ones.shape[0], k), dtype=np.float32)
    parameters = Parameters(
        unknown, taken, np.ascontiguousarray(items[:, :k]), items[:, -1].copy(), _shares(ones)
    )
    return parameters._replace(own=own_vectors(ones, parameters, start.user_factors))


def own_vectors(ones: csr_matrix, parameters: Parameters, users: Factors) -> Factors:
    """Return the users' vectors in ``users`` (users, 2k + 1) without their history's part: (users, k)."""
    k = parameters.items.shape[1]
    own: Factors = users[:, :k].astype(np.float32) - parameters.shares[:, None] * (ones @ parameters.taken)
    return own


def _shares(ones: csr_matrix) -> Factors:
    """Return each user's factor of the history's sum: (users,)."""
    shares: Factors = (1 / np.sqrt(np.diff(ones.indptr) + SHORT_HISTORY)).astype(np.float32)
    return shares


def _vectors(ones: csr_matrix, parameters: Parameters) -> Factors:
    vectors: Factors = parameters.own + parameters.shares[:, None] * (ones @ parameters.taken)
    return vectors


def _table(*columns: npt.NDArray[np.floating]) -> Factors:
    return np.column_stack(columns).astype(np.float32)
