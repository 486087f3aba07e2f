"""Recommenders, each fitted on the same rows and threads, and judged alike."""

import time
from dataclasses import dataclass, replace
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.models.data import Contest
from recommender.evaluate.evaluation import top_lists
from recommender.evaluate.measures import LONG, hits, measure, ndcg
from recommender.evaluate.scorers import Scorer, model_scorer, ones, own_recent_scorer, score_scale
from recommender.fitting import fit
from recommender.fitting.fitted import Epoch, Fitted
from recommender.hyperparameters import Hyperparameters
from recommender.threads import blas_threads
from recommender.train.algorithm_choice import Choice

Result = dict[str, Any]

# Measures of all items: of the fit alone, and with its recency term.
ALL, REPEATING = "ndcg@20_all_items", "ndcg@20_all_items_with_recency"


@dataclass(frozen=True)
class Fit:
    """What is fitted, and on what; ``recency`` is the recency term's weight in the scores' spreads."""

    chosen: Hyperparameters
    timed: bool = True
    recency: float | None = None

    def seeded(self, seed: int) -> "Fit":
        """Return the same with another seed."""
        return replace(self, chosen=replace(self.chosen, seed=seed))


def run(contest: Contest, model: Fit, threads: int) -> Result:
    """Fit one model and judge it."""
    history = contest.history if model.timed else replace(contest.history, ages=None)
    began = time.perf_counter()
    fitted = fit(history, model.chosen, threads=threads)
    seconds = time.perf_counter() - began
    return judge(contest, fitted, threads, model.recency) | {"fit_seconds": seconds}


def run_auto(contest: Contest, choice: Choice, choosing_seconds: float, threads: int) -> Result:
    """Fit what ``algorithm=auto`` chose; its time is that of choosing, too."""
    found = run(contest, Fit(choice.chosen, recency=choice.recency), threads)
    return found | {
        "fit_seconds": choosing_seconds + found["fit_seconds"],
        "chose": choice.chosen.algorithm,
        "recency": choice.recency,
    }


def judge(contest: Contest, fitted: Fitted, threads: int, recency: float | None = None) -> Result:
    """Measure a fit's lists of new items, and of all items without and with its recency term."""
    with blas_threads(threads):
        plain = model_scorer(fitted, contest.history)
        found = judge_new(contest, plain) | judge_all(contest, plain)
        if recency is None:
            return found
        weight = recency * score_scale(fitted, contest.history)
        repeating = judge_all(contest, model_scorer(fitted, contest.history, weight))
        return found | {name.replace(ALL, REPEATING): value for name, value in repeating.items()}


def judge_new(contest: Contest, score: Scorer) -> Result:
    """Measure lists without what the user bought in training; means over users."""
    bought = ones(contest.history.counts[contest.users])
    values = measure(top_lists(score, contest.users, bought, LONG), contest.new)
    errors = values[f"ndcg@{LONG}"]
    return {
        "ndcg@20": float(errors.mean()),
        "ndcg@20_se": float(errors.std() / np.sqrt(len(errors))),
        "recall@20": float(values[f"recall@{LONG}"].mean()),
        "p@10": float(values["p@k(10)"].mean()),
    }


def judge_all(contest: Contest, score: Scorer) -> Result:
    """Measure lists that may repeat what the user bought."""
    lists = top_lists(score, contest.buyers, k=LONG)
    values = ndcg(hits(lists, contest.everything.items), contest.everything.sizes)
    error = values.std() / np.sqrt(len(values))
    return {ALL: float(values.mean()), f"{ALL}_se": float(error)}


def own_recency(contest: Contest) -> Result:
    """Measure each user's own items, the most recent first: what needs no learning."""
    return judge_all(contest, own_recent_scorer(contest.history))


def summary(rounds: list[Result]) -> Result:
    """Mean of the measures and median of the seconds; or why there are none."""
    if "left_out" in rounds[0]:
        return rounds[0]
    found = {name: mean(each[name] for each in rounds) for name in rounds[0] if name != "fit_seconds"}
    return found | {"fit_seconds": median(each["fit_seconds"] for each in rounds)}


class _ReachedError(Exception):
    """The quality that was waited for is there."""


def seconds_to(contest: Contest, chosen: Hyperparameters, quality: float, threads: int) -> float | None:
    """Seconds from the call of a fit until its NDCG@20 of new items reaches ``quality``; None if never.

    What judging takes is left out; what the fit does before its first pass is not.
    """
    began, judging, reached = time.perf_counter(), 0.0, 0.0

    def watch(epoch: Epoch) -> None:
        nonlocal judging, reached
        now = time.perf_counter()
        users, items = epoch.user_factors, epoch.item_factors
        if judge_new(contest, lambda block: users[block] @ items.T)["ndcg@20"] >= quality:
            reached = now - began - judging
            raise _ReachedError
        judging += time.perf_counter() - now

    try:
        fit(contest.history, chosen, threads=threads, progress=watch)
    except _ReachedError:
        return reached
    return None
