"""Fits by the algorithm's name."""

from collections.abc import Callable, Mapping

from recommender.errors import UserError
from recommender.fitting.als import fit_als
from recommender.fitting.bpr import fit_bpr
from recommender.fitting.checks import warn_of_gpu
from recommender.fitting.ease import fit_ease
from recommender.fitting.fitted import Checkpoint, Course, Fitted, History, Progress
from recommender.fitting.implicit_bpr import fit_implicit_bpr
from recommender.fitting.popularity import fit_popularity
from recommender.hyperparameters import Hyperparameters

# What every algorithm is: rows and choices in, factors or item weights out.
Fit = Callable[[History, Hyperparameters, Course], Fitted]

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
    """Fit with the algorithm that ``chosen`` names; what it leaves open has that algorithm's own default.

    It runs on ``threads`` threads, tells ``progress`` of every epoch, and goes on from ``start``.
    """
    if chosen.algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise UserError(f"There is no fit for algorithm={chosen.algorithm}; there is one for {known}.")
    warn_of_gpu(chosen)
    return ALGORITHMS[chosen.algorithm](interactions, chosen, Course(threads, progress, start))
