"""Bayesian Personalized Ranking of our own: hard negatives, and users known by what they took.

After Rendle et al. (2009), with the history's part of a user's vector as in FISM (Kabbur et al., 2013) and
the hardest of several uniform negatives, as in dynamic negative sampling (Zhang et al., 2013).
"""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.sparse import csr_matrix

from recommender.fitting.bpr_kernel import MILLION, Pairs, Parts, Rules, update
from recommender.fitting.bpr_settings import Settings
from recommender.fitting.bpr_state import (
    final_factors,
    new_parts,
    own_vectors,
    resumed_parts,
    working_factors,
)
from recommender.fitting.bpr_weights import weighted_pairs
from recommender.fitting.checks import ones_of, require_numbers
from recommender.fitting.early import Stopper
from recommender.fitting.fitted import Checkpoint, Course, Epoch, Fitted, History
from recommender.fitting.fold_in import fit_fold_in
from recommender.hyperparameters import Hyperparameters

BLOCKS_PER_THREAD = 8  # of users, so that no thread waits long for another
DROPPED = 0.5  # of a history's items, in every visit: the rest must say as much

log = logging.getLogger(__name__)


def fit_bpr(interactions: History, chosen: Hyperparameters, course: Course) -> Fitted:
    """Fit on the distinct pairs of ``interactions``; where they have ages, new ones count more.

    One thread and one seed give one result; more threads update the same factors unlocked, and results
    differ a little. ``progress`` sees factors of twice the width: all that a checkpoint needs.
    """
    weighted = weighted_pairs(interactions)
    settings = Settings.of(chosen, weighted.shape[1])
    stopper = Stopper.of(weighted, settings) if settings.stopping else None
    if stopper:
        weighted = stopper.training
    learned = ones_of(weighted)
    parts = _begin(learned, settings, course.start)
    for number, seconds in _epochs(weighted, parts, settings, course.threads, course.done):
        require_numbers(parts.items, parts.biases)
        if course.progress:
            working = working_factors(learned, parts)
            # The fit goes on with what a checkpoint gives back, rounding included: resumed, it ends the same.
            parts.own[:] = own_vectors(learned, parts, working[0])
            course.tell(Epoch(number, settings.iterations, seconds, *working))
        if stopper and stopper.stops(number, parts):
            log.info("stopped after epoch %d: epoch %d was the best", number, stopper.best_epoch)
            break
    if stopper and stopper.best:
        parts = stopper.best
    users, items = final_factors(learned, parts)
    require_numbers(users, items)
    return Fitted(users, items, fit_fold_in(learned, users, items))


def _begin(ones: csr_matrix, settings: Settings, start: Checkpoint | None) -> Parts:
    resumed = resumed_parts(ones, settings, start) if start else None
    return resumed or new_parts(ones, settings)


def _epochs(
    weighted: csr_matrix, parts: Parts, settings: Settings, threads: int, done: int
) -> Iterator[tuple[int, float]]:
    """Learn in place; yields the number of each pass, from 1, and its seconds."""
    pairs = Pairs(weighted.indptr.astype(np.int64), weighted.indices.astype(np.int32), weighted.data)
    with ThreadPoolExecutor(threads) as pool:
        for epoch in range(done, settings.iterations):
            began = time.monotonic()
            # Seeded anew by the epoch's number, so that a resumed fit goes on as it would have.
            rng = np.random.default_rng([settings.seed, epoch])
            blocks = np.array_split(rng.permutation(weighted.shape[0]), BLOCKS_PER_THREAD * threads)
            seeds = rng.integers(1 << 62, size=len(blocks)).tolist()
            rules = _rules(settings, epoch)
            running = [
                pool.submit(update, block, pairs, parts, rules, seed)
                for block, seed in zip(blocks, seeds, strict=True)
            ]
            for each in running:
                each.result()
            yield epoch + 1, time.monotonic() - began


def _rules(settings: Settings, epoch: int) -> Rules:
    rate = settings.rate(epoch)
    bias_rate = rate if settings.biased else 0.0
    return Rules(
        rate=np.float32(rate),
        shrink=np.float32(rate * settings.regularization),
        bias_rate=np.float32(bias_rate),
        bias_shrink=np.float32(bias_rate * settings.regularization),
        pool=settings.pool,
        popular=settings.popular,
        verified=settings.verified,
        dropped=round(DROPPED * MILLION),
    )
