"""What is chosen before the contest, on a slice of its training rows: by ``auto``, and for implicit's BPR."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.models.data import Contest
from benchmarks.models.models import REPEATING
from recommender.evaluate.validation import Validation
from recommender.fitting import fit
from recommender.hyperparameters import Hyperparameters
from recommender.threads import blas_threads
from recommender.train.algorithm_choice import Choice, choose

# Factors, learning rate, regularization, passes; the first are implicit's own defaults. It soon learns its
# rows by heart: what matters most is to stop in time.
GRID = (
    (100, 0.01, 0.01, 100),
    (100, 0.01, 0.01, 60),
    (100, 0.01, 0.01, 40),
    (100, 0.01, 0.03, 40),
    (64, 0.01, 0.01, 40),
    (64, 0.02, 0.01, 25),
)


def choose_timed(contest: Contest, threads: int) -> tuple[Choice, float]:
    """Let ``algorithm=auto`` choose; returns the seconds it took, too."""
    began = time.perf_counter()
    choice = choose(contest.training, Hyperparameters(algorithm="auto"), threads=threads)
    return choice, time.perf_counter() - began


def tune_implicit_bpr(contest: Contest, threads: int) -> Hyperparameters:
    """Pick what of ``GRID`` is best on the newest fifth of the training rows."""
    validation = Validation.of(contest.training)
    grid = [
        Hyperparameters("implicit-bpr", factors, passes, rate, shrink)
        for factors, rate, shrink, passes in GRID
    ]
    if validation is None:
        return grid[0]
    found = [fit(validation.history, each, threads=threads) for each in grid]
    with blas_threads(threads):
        judged = [validation.judge(each).new_items for each in found]
    return grid[judged.index(max(judged))]


def shortfall(results: Mapping[str, Any], candidates: Iterable[str]) -> dict[str, float]:
    """How many standard errors ``auto`` is below the best candidate, on the rows held out.

    ``candidates`` are keys of ``results``; all items are judged with the recency term that suits each.
    """
    fallen: dict[str, float] = {}
    for which, measure in (("new_items", "ndcg@20"), ("all_items", REPEATING)):
        best = max(
            (results[name] for name in candidates if measure in results[name]), key=lambda each: each[measure]
        )
        fallen[f"auto_errors_below_best_{which}"] = (
            max(0.0, best[measure] - results["auto"][measure]) / best[f"{measure}_se"]
        )
    return fallen
