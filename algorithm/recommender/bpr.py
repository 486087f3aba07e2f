"""Bayesian Personalized Ranking, as the implicit library fits it."""

import logging
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.recommender_base import ModelFitError
from scipy.sparse import csr_matrix

from recommender.errors import UserError
from recommender.hyperparameters import Hyperparameters

Factors = npt.NDArray[np.float32]

REPORTS = 10  # progress lines in a whole fit
DIVERGED = "Training diverged: its factors are no longer numbers. Lower learning_rate."

log = logging.getLogger(__name__)


def fit_bpr(counts: csr_matrix, chosen: Hyperparameters, threads: int) -> tuple[Factors, Factors]:
    """Fit on the distinct pairs of ``counts`` (users, items).

    Returns user factors (users, factors + 1) and item factors (items, factors + 1). The last column is
    the item's bias, 1 for every user, so the plain dot product is the score. One thread and one seed
    give one result; more threads update the same factors unlocked, and results differ in their digits.
    """
    if chosen.use_gpu:
        log.warning("warning: use_gpu is true, but this image computes on the CPU; going on there")
    model = BayesianPersonalizedRanking(
        factors=chosen.factors,
        iterations=chosen.iterations,
        learning_rate=chosen.learning_rate,
        regularization=chosen.regularization,
        verify_negative_samples=chosen.verify_negative_samples,
        num_threads=threads,
        random_state=chosen.seed,
    )
    try:
        model.fit(counts, show_progress=False, callback=_reporter(chosen.iterations, counts.nnz))
    except ModelFitError as error:  # implicit looks for NaN alone
        raise UserError(DIVERGED) from error
    if not (np.isfinite(model.user_factors).all() and np.isfinite(model.item_factors).all()):
        raise UserError(DIVERGED)
    return model.user_factors, model.item_factors


def _reporter(epochs: int, pairs: int) -> Callable[[int, float, int, int], None]:
    """Build the callback of each epoch: (epoch from 0, its seconds, pairs ranked rightly, pairs skipped)."""
    step = max(1, epochs // REPORTS)

    def report(epoch: int, seconds: float, correct: int, skipped: int) -> None:
        if (epoch + 1) % step == 0 or epoch + 1 == epochs:
            auc = correct / max(1, pairs - skipped)
            log.info("epoch %d/%d train_auc=%.4f seconds=%.2f", epoch + 1, epochs, auc, seconds)

    return report
