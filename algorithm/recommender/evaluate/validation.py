"""The validation slice of the training rows, for all choices: the testing channel is used for none."""

import logging
from dataclasses import dataclass

import numpy as np

from recommender.data.interactions import HeldOut, IntArray, Interactions, Mask, Times, align, select
from recommender.evaluate.evaluation import sample, top_lists
from recommender.evaluate.measures import LONG, Truth, hits, mean_and_error, ndcg
from recommender.evaluate.scorers import model_scorer, ones, score_scale
from recommender.evaluate.weights import weighted_lists
from recommender.fitting.fitted import Fitted, History
from recommender.fitting.histories import build_history
from recommender.hyperparameters import VALIDATION_METRIC

SHARE = 0.2
MAX_SHARE = 0.5  # where many rows have the same time: more leaves too few rows to fit on
SEED = 41
# Weights of the recency term to try, in units of the scores' standard deviation. Some are negative: nobody
# takes the same film twice, while every fit scores the items that a user took highest. The first wins a tie.
WEIGHTS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, -1.0, -4.0, -16.0, -64.0)
MAX_USERS = 5_000
MIN_USERS = 500
MAX_SCORES = 100_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judgement:
    """NDCG@20 of a fit on the slice: of items new to the user, and of all with the best recency term.

    ``recency`` is that term's weight, in units of the standard deviation of the fit's scores.
    """

    new_items: float
    new_items_error: float
    all_items: float
    all_items_error: float
    recency: float

    def log_metric(self) -> None:
        """Log the objective metric of a tuning job, once: SageMaker compares intermediate values as well."""
        log.info("metric: %s = %.6f", VALIDATION_METRIC, self.new_items)


@dataclass(frozen=True)
class Validation:
    """The rows to fit on, and the validation slice in their codes."""

    training: Interactions
    history: History
    users: IntArray
    truth: Truth

    @classmethod
    def of(cls, training: Interactions) -> "Validation | None":
        """Split off the newest rows, or random ones without usable times; None if no user is in both."""
        newest = None if training.times is None else cls._cut(training, _newest(training.times))
        return newest or cls._cut(training, _random(len(training)))

    @classmethod
    def _cut(cls, training: Interactions, off: Mask) -> "Validation | None":
        if off.all() or not off.any():
            return None
        kept = select(training, ~off)
        held_out = align(select(training, off), kept)
        return cls._sampled(kept, held_out) if len(held_out.users) else None

    @classmethod
    def _sampled(cls, kept: Interactions, held_out: HeldOut) -> "Validation":
        most = max(MIN_USERS, min(MAX_USERS, MAX_SCORES // kept.shape[1]))
        rows = sample(len(held_out.users), most)
        truth = Truth(held_out.truth, held_out.unseen).at(rows)
        return cls(kept, build_history(kept), held_out.users[rows], truth)

    def judge(self, fitted: Fitted) -> Judgement:
        """Measure a fit on ``history``, and find its best recency weight."""
        bought = ones(self.history.counts[self.users])
        new = self.truth.without(bought)
        lists = top_lists(model_scorer(fitted, self.history), self.users, bought, LONG)
        new_items = mean_and_error(ndcg(hits(lists, new.items), new.sizes))
        scale = score_scale(fitted, self.history)
        weights = [weight * scale for weight in WEIGHTS]
        weighted = weighted_lists(fitted, self.history, self.users, weights)
        tried = [mean_and_error(ndcg(hits(each, self.truth.items), self.truth.sizes)) for each in weighted]
        best = max(range(len(WEIGHTS)), key=lambda at: tried[at][0])
        return Judgement(*new_items, *tried[best], WEIGHTS[best])


def _newest(times: Times) -> Mask:
    """Mark the newest fifth; rows of the same time stay together, and rows without a time are the oldest."""
    times = np.nan_to_num(times, nan=-np.inf)
    position = len(times) - max(1, int(len(times) * SHARE))
    cut = np.partition(times, position)[position]
    newest: Mask = times >= cut
    return times > cut if newest.mean() > MAX_SHARE else newest


def _random(rows: int) -> Mask:
    drawn: Mask = np.random.default_rng(SEED).random(rows) < SHARE
    return drawn
