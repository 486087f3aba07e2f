"""Our own Bayesian Personalized Ranking: hard negatives, and user vectors that include their history.

After Rendle et al. (2009), with the history's part of a user's vector as in FISM (Kabbur et al., 2013) and
the hardest of several uniform negatives, as in dynamic negative sampling (Zhang et al., 2013).
"""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.sparse import csr_matrix

from recommender.fitting.bpr_kernel import MILLION, Pairs, Parameters, UpdateRules, update
from recommender.fitting.bpr_parameters import (
    final_factors,
    initial_parameters,
    own_vectors,
    resumed_parameters,
    working_factors,
)
from recommender.fitting.bpr_settings import Settings
from recommender.fitting.bpr_weights import weighted_pairs
from recommender.fitting.checks import ones_of, require_numbers
from recommender.fitting.early_stopping import Stopper
from recommender.fitting.fitted import Checkpoint, Epoch, FitContext, Fitted, History
from recommender.fitting.fold_in import fit_fold_in
from recommender.hyperparameters import Hyperparameters

BLOCKS_PER_THREAD = 8  # of users: many small ones, so that no thread waits long for another
DROPPED = 0.5  # share of a history's items that is left out at random of every step (dropout)

log = logging.getLogger(__name__)


def fit_bpr(interactions: History, chosen: Hyperparameters, context: FitContext) -> Fitted:
    """Fit on the distinct pairs of ``interactions``; where they have ages, recent ones count more.

    With one thread the result follows from the seed; several threads update the same factors without locks,
    and results differ slightly. ``progress`` gets factors of twice the width: all that a checkpoint needs.
    """
    weighted = weighted_pairs(interactions)
    settings = Settings.of(chosen, weighted.shape[1])
    stopper = Stopper.of(weighted, settings) if settings.stopping else None
    if stopper:
        weighted = stopper.training
    learned = ones_of(weighted)
    parameters = _begin(learned, settings, context.start)
    for number, seconds in _epochs(weighted, parameters, settings, context.threads, context.done):
        require_numbers(parameters.items, parameters.biases)
        if context.progress:
            working = working_factors(learned, parameters)
            # The fit continues with what a checkpoint restores, rounding included: resuming changes nothing.
            parameters.own[:] = own_vectors(learned, parameters, working[0])
            context.report(Epoch(number, settings.iterations, seconds, *working))
        if stopper and stopper.stops(number, parameters):
            log.info("stopped after epoch %d: epoch %d was the best", number, stopper.best_epoch)
            break
    if stopper and stopper.best:
        parameters = stopper.best
    users, items = final_factors(learned, parameters)
    require_numbers(users, items)
    return Fitted(users, items, fit_fold_in(learned, users, items))


def _begin(ones: csr_matrix, settings: Settings, start: Checkpoint | None) -> Parameters:
    resumed = resumed_parameters(ones, settings, start) if start else None
    return resumed or initial_parameters(ones, settings)


def _epochs(
    weighted: csr_matrix, parameters: Parameters, settings: Settings, threads: int, done: int
) -> Iterator[tuple[int, float]]:
    """Update the parameters in place; yields the number of each epoch, from 1, and its seconds."""
    pairs = Pairs(weighted.indptr.astype(np.int64), weighted.indices.astype(np.int32), weighted.data)
    with ThreadPoolExecutor(threads) as pool:
        for epoch in range(done, settings.iterations):
            began = time.monotonic()
            # Seeded by the epoch's number, so that a resumed fit continues as it would have.
            rng = np.random.default_rng([settings.seed, epoch])
            blocks = np.array_split(rng.permutation(weighted.shape[0]), BLOCKS_PER_THREAD * threads)
            seeds = rng.integers(1 << 62, size=len(blocks)).tolist()
            rules = _rules(settings, epoch)
            running = [
                pool.submit(update, block, pairs, parameters, rules, seed)
                for block, seed in zip(blocks, seeds, strict=True)
            ]
            for each in running:
                each.result()
            yield epoch + 1, time.monotonic() - began


def _rules(settings: Settings, epoch: int) -> UpdateRules:
    rate = settings.rate(epoch)
    bias_rate = rate if settings.biased else 0.0
    return UpdateRules(
        rate=np.float32(rate),
        shrink=np.float32(rate * settings.regularization),
        bias_rate=np.float32(bias_rate),
        bias_shrink=np.float32(bias_rate * settings.regularization),
        pool=settings.pool,
        popular=settings.popular,
        verified=settings.verified,
        dropped=round(DROPPED * MILLION),
    )
