"""The compiled inner loop of BPR: one pass over some users' pairs, by stochastic gradient steps."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.fitting.compiled import compiled
from recommender.fitting.fitted import Factors
from recommender.fitting.randomness import State, below, seeded, shuffle

MAX_STEP_NORM = 1.0  # of one user's common step for all items of the history
STEEP = 30.0  # beyond this the logistic function is flat
MILLION = 1_000_000

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


class Parameters(NamedTuple):
    """What is learned: user u's vector is ``own[u] + shares[u] * sum(taken[history of u])``.

    The score of item i is that vector times ``items[i]``, plus ``biases[i]``. All are float32: ``own``
    (users, k), ``taken`` and ``items`` (items, k), ``biases`` (items,), and ``shares`` (users,), a constant.
    """

    own: Factors
    taken: Factors
    items: Factors
    biases: Factors
    shares: Factors


class Pairs(NamedTuple):
    """The pairs as arrays of a CSR matrix (users, items); ``weights`` scale the steps of each pair."""

    indptr: Codes
    indices: npt.NDArray[np.int32]
    weights: Factors


class UpdateRules(NamedTuple):
    """Step sizes; ``pool`` candidates are drawn for each pair, ``dropped`` per million history items omitted.

    ``bias_rate`` and ``bias_shrink`` are 0 where items have no bias; each shrink is rate x regularization.
    """

    rate: np.float32
    shrink: np.float32
    bias_rate: np.float32
    bias_shrink: np.float32
    pool: int
    popular: bool
    verified: bool
    dropped: int


@compiled
def update(users: Codes, pairs: Pairs, parameters: Parameters, rules: UpdateRules, seed: int) -> None:
    """Update in place by every pair of ``users`` (n,); other threads may write the factors meanwhile."""
    n_items, k = parameters.items.shape
    state = seeded(seed)
    bought, summed = np.zeros(n_items, np.bool_), np.zeros(n_items, np.bool_)
    history, user_vector, common = np.empty(k, np.float32), np.empty(k, np.float32), np.empty(k, np.float32)
    for user in users:
        start, end = pairs.indptr[user], pairs.indptr[user + 1]
        if start == end or (rules.verified and end - start == n_items):
            continue  # no pair, or no negative
        share = _sum_history(
            pairs.indices[start:end], parameters, user, rules, state, bought, summed, history
        )
        common[:] = 0
        order = np.arange(start, end)
        shuffle(state, order)
        for at in order:
            item = pairs.indices[at]
            _user_vector_without(user_vector, parameters, user, item, summed[item], share, history)
            negative = _hardest(user_vector, parameters, pairs, item, bought, rules, state)
            if negative >= 0:
                _step(user_vector, parameters, user, item, negative, pairs.weights[at], share, common, rules)
        _step_history(pairs.indices[start:end], parameters.taken, common, rules.shrink, bought, summed)


@compiled
def _sum_history(
    mine: npt.NDArray[np.int32],
    parameters: Parameters,
    user: int,
    rules: UpdateRules,
    state: State,
    bought: Flags,
    summed: Flags,
    history: Factors,
) -> np.float32:
    """Sum a history's items, with dropout, into ``history`` (k,); returns the sum's factor."""
    history[:] = 0
    for item in mine:
        bought[item] = True
        if below(state, MILLION) >= rules.dropped:
            summed[item] = True
            for f in range(len(history)):
                history[f] += parameters.taken[item, f]
    return np.float32(parameters.shares[user] / math.sqrt(1 - rules.dropped / MILLION))


@compiled
def _user_vector_without(
    user_vector: Factors,
    parameters: Parameters,
    user: int,
    item: int,
    summed: bool,
    share: np.float32,
    history: Factors,
) -> None:
    """Write the user's vector without the part of ``item`` itself: a new item has no such part."""
    for f in range(len(user_vector)):
        user_vector[f] = parameters.own[user, f] + share * history[f]
    if summed:
        for f in range(len(user_vector)):
            user_vector[f] -= share * parameters.taken[item, f]


@compiled
def _score(user_vector: Factors, parameters: Parameters, item: int) -> np.float32:
    score: np.float32 = parameters.biases[item]
    for f in range(len(user_vector)):
        score += user_vector[f] * parameters.items[item, f]
    return score


@compiled
def _hardest(
    user_vector: Factors,
    parameters: Parameters,
    pairs: Pairs,
    item: int,
    bought: Flags,
    rules: UpdateRules,
    state: State,
) -> int:
    """Draw candidates and return the one with the highest score, or -1 where there is no other item."""
    hardest, highest, found = -1, np.float32(0), 0
    for _ in range(2 * rules.pool):
        if rules.popular:
            drawn = int(pairs.indices[below(state, len(pairs.indices))])
        else:
            drawn = below(state, len(bought))
        if drawn == item or (rules.verified and bought[drawn]):
            continue
        score = _score(user_vector, parameters, drawn)
        if hardest < 0 or score > highest:
            hardest, highest = drawn, score
        found += 1
        if found == rules.pool:
            break
    return hardest


@compiled
def _step(
    user_vector: Factors,
    parameters: Parameters,
    user: int,
    item: int,
    negative: int,
    weight: np.float32,
    share: np.float32,
    common: Factors,
    rules: UpdateRules,
) -> None:
    """Take a gradient step for ``item`` over ``negative``; add the history's step to ``common`` (k,)."""
    ahead = float(_score(user_vector, parameters, item) - _score(user_vector, parameters, negative))
    slope = weight / np.float32(1 + math.exp(min(STEEP, max(-STEEP, ahead))))
    step = rules.rate * slope
    parameters.biases[item] += rules.bias_rate * slope - rules.bias_shrink * parameters.biases[item]
    parameters.biases[negative] -= rules.bias_rate * slope + rules.bias_shrink * parameters.biases[negative]
    for f in range(len(user_vector)):
        gap = parameters.items[item, f] - parameters.items[negative, f]
        parameters.items[item, f] += step * user_vector[f] - rules.shrink * parameters.items[item, f]
        parameters.items[negative, f] -= step * user_vector[f] + rules.shrink * parameters.items[negative, f]
        parameters.own[user, f] += step * gap - rules.shrink * parameters.own[user, f]
        common[f] += step * share * gap


@compiled
def _step_history(
    mine: npt.NDArray[np.int32],
    taken: Factors,
    common: Factors,
    shrink: np.float32,
    bought: Flags,
    summed: Flags,
) -> None:
    """Apply the common step to every summed item, and clear the marks."""
    norm = math.sqrt((common * common).sum())
    if norm > MAX_STEP_NORM:
        common *= np.float32(MAX_STEP_NORM / norm)
    for item in mine:
        bought[item] = False
        if summed[item]:
            summed[item] = False
            for f in range(len(common)):
                taken[item, f] += common[f] - shrink * taken[item, f]
