"""Fits by the algorithm's name."""

from collections.abc import Callable, Mapping

from recommender.errors import UserError
from recommender.fitting.als import fit_als
from recommender.fitting.bpr import fit_bpr
from recommender.fitting.checks import warn_of_gpu
from recommender.fitting.ease import fit_ease
from recommender.fitting.fitted import Checkpoint, FitContext, Fitted, History, Progress
from recommender.fitting.implicit_bpr import fit_implicit_bpr
from recommender.fitting.popularity import fit_popularity
from recommender.hyperparameters import Hyperparameters

# The signature of every algorithm: history and hyperparameters in, factors or item weights out.
Fit = Callable[[History, Hyperparameters, FitContext], Fitted]

ALGORITHMS: Mapping[str, Fit] = {
    "bpr": fit_bpr,
    "implicit-bpr": fit_implicit_bpr,
    "als": fit_als,
    "ease": fit_ease,
    "popularity": fit_popularity,
}


def fit(
    interactions: History,
    chosen: Hyperparameters,
    *,
    threads: int,
    progress: Progress | None = None,
    start: Checkpoint | None = None,
) -> Fitted:
    """Fit with the algorithm and hyperparameters of ``chosen``, and that algorithm's defaults for others.

    It runs on ``threads`` threads, calls ``progress`` after every epoch, and resumes from ``start``. Raises
    UserError.
    """
    if chosen.algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise UserError(f"There is no algorithm {chosen.algorithm}: set algorithm to one of {known}.")
    warn_of_gpu(chosen)
    return ALGORITHMS[chosen.algorithm](interactions, chosen, FitContext(threads, progress, start))
