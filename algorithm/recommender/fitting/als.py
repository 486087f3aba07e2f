"""Alternating least squares for implicit feedback (Hu et al., 2008), as the implicit library fits it."""

import math
from collections.abc import Callable

from implicit.cpu.als import AlternatingLeastSquares
from implicit.recommender_base import ModelFitError
from scipy.sparse import csr_matrix

from recommender.errors import UserError
from recommender.fitting.checks import DIVERGED, ones_of, require_numbers
from recommender.fitting.fitted import Epoch, FitContext, Fitted, History
from recommender.fitting.fold_in import fit_fold_in
from recommender.hyperparameters import Hyperparameters
from recommender.threads import blas_threads

FACTORS, ITERATIONS, ALPHA = 64, 10, 1.0
# The best value grows with the data: 19 for Online Retail II, 5 for a small shop, less for a very small one.
REGULARIZATION_PER_ROOT, SMALL, TINY_PER_ROOT = 0.03, 5.0, 0.25

Report = Callable[[int, float, float | None], None]


def fit_als(interactions: History, chosen: Hyperparameters, context: FitContext) -> Fitted:
    """Fit on the distinct pairs, each with the confidence ``alpha``."""
    ones = ones_of(interactions.counts)
    epochs = ITERATIONS if chosen.iterations is None else chosen.iterations

    def report(epoch: int, seconds: float, _loss: float | None) -> None:
        context.report(
            Epoch(context.done + epoch + 1, epochs, seconds, model.user_factors, model.item_factors)
        )

    with blas_threads(1):  # the library starts its own threads
        model = AlternatingLeastSquares(
            factors=FACTORS if chosen.factors is None else chosen.factors,
            regularization=_regularization(chosen, ones.nnz),
            alpha=ALPHA if chosen.alpha is None else chosen.alpha,
            iterations=epochs - context.done,
            num_threads=context.threads,
            random_state=chosen.seed or 0,
        )
        if start := context.start:
            model.user_factors, model.item_factors = start.user_factors.copy(), start.item_factors.copy()
        _run(model, ones, report)
    require_numbers(model.user_factors, model.item_factors)
    return Fitted(
        model.user_factors, model.item_factors, fit_fold_in(ones, model.user_factors, model.item_factors)
    )


def _run(model: AlternatingLeastSquares, ones: csr_matrix, report: Report) -> None:
    try:
        model.fit(ones, show_progress=False, callback=report)
    except ModelFitError as error:
        raise UserError(DIVERGED) from error


def _regularization(chosen: Hyperparameters, pairs: int) -> float:
    if chosen.regularization is not None:
        return chosen.regularization
    root = math.sqrt(pairs)
    return max(min(SMALL, TINY_PER_ROOT * root), REGULARIZATION_PER_ROOT * root)
