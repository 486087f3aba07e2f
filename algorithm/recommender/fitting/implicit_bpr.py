"""Bayesian Personalized Ranking by the implicit library, with its defaults: the reference."""

from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.recommender_base import ModelFitError

from recommender.errors import UserError
from recommender.fitting.checks import DIVERGED, ones_of, require_numbers
from recommender.fitting.fitted import Epoch, FitContext, Fitted, History
from recommender.fitting.fold_in import fit_fold_in
from recommender.hyperparameters import Hyperparameters

FACTORS, ITERATIONS, LEARNING_RATE, REGULARIZATION = 100, 100, 0.01, 0.01


def fit_implicit_bpr(interactions: History, chosen: Hyperparameters, context: FitContext) -> Fitted:
    """Fit on the distinct pairs; the factors' last column is the item's bias, 1 for every user."""
    ones = ones_of(interactions.counts)
    epochs = ITERATIONS if chosen.iterations is None else chosen.iterations
    model = BayesianPersonalizedRanking(
        factors=FACTORS if chosen.factors is None else chosen.factors,
        iterations=epochs - context.done,
        learning_rate=LEARNING_RATE if chosen.learning_rate is None else chosen.learning_rate,
        regularization=REGULARIZATION if chosen.regularization is None else chosen.regularization,
        verify_negative_samples=chosen.verify_negative_samples is not False,
        num_threads=context.threads,
        random_state=(chosen.seed or 0) + context.done,  # a resumed fit must not draw the same pairs again
    )
    if start := context.start:
        model.user_factors, model.item_factors = start.user_factors.copy(), start.item_factors.copy()

    def report(epoch: int, seconds: float, _correct: int, _skipped: int) -> None:
        context.report(
            Epoch(context.done + epoch + 1, epochs, seconds, model.user_factors, model.item_factors)
        )

    try:
        model.fit(ones, show_progress=False, callback=report)
    except ModelFitError as error:  # implicit checks only for NaN
        raise UserError(DIVERGED) from error
    require_numbers(model.user_factors, model.item_factors)
    folding = fit_fold_in(ones, model.user_factors, model.item_factors)
    return Fitted(model.user_factors, model.item_factors, folding)
