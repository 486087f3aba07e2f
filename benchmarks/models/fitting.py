"""The fit that is measured: the image's default algorithm on all usable CPUs."""

from recommender.fitting import fit as fit_algorithm
from recommender.fitting.fitted import Fitted, History
from recommender.hyperparameters import Hyperparameters
from recommender.threads import usable_cpus


def fit(history: History, factors: int, epochs: int) -> Fitted:
    """Fit so many factors in so many epochs."""
    chosen = Hyperparameters(factors=factors, iterations=epochs)
    return fit_algorithm(history, chosen, threads=usable_cpus())
