"""The inner loop of BPR, compiled: one pass over some users' pairs."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.fitting.compiled import compiled
from recommender.fitting.fitted import Factors
from recommender.fitting.randomness import State, below, seeded, shuffle

LARGEST_STEP = 1.0  # of one visit's common step for all items of a history, as a norm
STEEP = 30.0  # beyond this the logistic function is flat
MILLION = 1_000_000

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


class Parts(NamedTuple):
    """What is learned: user u's vector is ``own[u] + shares[u] * sum(taken[history of u])``.

    Over item i its score is that vector times ``items[i]``, plus ``biases[i]``. ``shares`` are given.
    """

    own: Factors
    taken: Factors
    items: Factors
    biases: Factors
    shares: Factors


class Pairs(NamedTuple):
    """Who took what, as the arrays of a CSR matrix (users, items); ``weights`` are of a pair's steps."""

    indptr: Codes
    indices: npt.NDArray[np.int32]
    weights: Factors


class Rules(NamedTuple):
    """How to learn: ``pool`` candidates are drawn for every pair, and ``dropped`` of a million history items.

    ``bias_rate`` and ``bias_shrink`` are 0 where items have no bias; the shrinks are rate x regularization.
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
def update(users: Codes, pairs: Pairs, parts: Parts, rules: Rules, seed: int) -> None:
    """Learn in place from every pair of ``users`` (n,); other threads may write the factors meanwhile."""
    n_items, k = parts.items.shape
    state = seeded(seed)
    bought, summed = np.zeros(n_items, np.bool_), np.zeros(n_items, np.bool_)
    history, person, common = np.empty(k, np.float32), np.empty(k, np.float32), np.empty(k, np.float32)
    for user in users:
        start, end = pairs.indptr[user], pairs.indptr[user + 1]
        if start == end or (rules.verified and end - start == n_items):
            continue  # nothing to learn from, or nothing to tell it from
        share = _look_back(pairs.indices[start:end], parts, user, rules, state, bought, summed, history)
        common[:] = 0
        order = np.arange(start, end)
        shuffle(state, order)
        for at in order:
            item = pairs.indices[at]
            _imagine(person, parts, user, item, summed[item], share, history)
            rival = _hardest(person, parts, pairs, item, bought, rules, state)
            if rival >= 0:
                _learn(person, parts, user, item, rival, pairs.weights[at], share, common, rules)
        _credit(pairs.indices[start:end], parts.taken, common, rules.shrink, bought, summed)


@compiled
def _look_back(
    mine: npt.NDArray[np.int32],
    parts: Parts,
    user: int,
    rules: Rules,
    state: State,
    bought: Flags,
    summed: Flags,
    history: Factors,
) -> np.float32:
    """Sum the items of a history, some left out by chance; returns the sum's share in the user's vector."""
    history[:] = 0
    for item in mine:
        bought[item] = True
        if below(state, MILLION) >= rules.dropped:
            summed[item] = True
            for f in range(len(history)):
                history[f] += parts.taken[item, f]
    return np.float32(parts.shares[user] / math.sqrt(1 - rules.dropped / MILLION))


@compiled
def _imagine(
    person: Factors, parts: Parts, user: int, item: int, summed: bool, share: np.float32, history: Factors
) -> None:
    """Write the user's vector as it is without ``item``: none may explain itself, for no new one can."""
    for f in range(len(person)):
        person[f] = parts.own[user, f] + share * history[f]
    if summed:
        for f in range(len(person)):
            person[f] -= share * parts.taken[item, f]


@compiled
def _score(person: Factors, parts: Parts, item: int) -> np.float32:
    score: np.float32 = parts.biases[item]
    for f in range(len(person)):
        score += person[f] * parts.items[item, f]
    return score


@compiled
def _hardest(
    person: Factors, parts: Parts, pairs: Pairs, item: int, bought: Flags, rules: Rules, state: State
) -> int:
    """Draw candidates and return the one that scores highest, or -1 where none is another item."""
    hardest, highest, found = -1, np.float32(0), 0
    for _ in range(2 * rules.pool):
        if rules.popular:
            drawn = int(pairs.indices[below(state, len(pairs.indices))])
        else:
            drawn = below(state, len(bought))
        if drawn == item or (rules.verified and bought[drawn]):
            continue
        score = _score(person, parts, drawn)
        if hardest < 0 or score > highest:
            hardest, highest = drawn, score
        found += 1
        if found == rules.pool:
            break
    return hardest


@compiled
def _learn(
    person: Factors,
    parts: Parts,
    user: int,
    item: int,
    rival: int,
    weight: np.float32,
    share: np.float32,
    common: Factors,
    rules: Rules,
) -> None:
    """Move the factors so that ``item`` scores further above ``rival``; the history's step is collected."""
    ahead = float(_score(person, parts, item) - _score(person, parts, rival))
    slope = weight / np.float32(1 + math.exp(min(STEEP, max(-STEEP, ahead))))
    step = rules.rate * slope
    parts.biases[item] += rules.bias_rate * slope - rules.bias_shrink * parts.biases[item]
    parts.biases[rival] -= rules.bias_rate * slope + rules.bias_shrink * parts.biases[rival]
    for f in range(len(person)):
        gap = parts.items[item, f] - parts.items[rival, f]
        parts.items[item, f] += step * person[f] - rules.shrink * parts.items[item, f]
        parts.items[rival, f] -= step * person[f] + rules.shrink * parts.items[rival, f]
        parts.own[user, f] += step * gap - rules.shrink * parts.own[user, f]
        common[f] += step * share * gap


@compiled
def _credit(
    mine: npt.NDArray[np.int32],
    taken: Factors,
    common: Factors,
    shrink: np.float32,
    bought: Flags,
    summed: Flags,
) -> None:
    """Give every summed item the common step, and clear the marks."""
    norm = math.sqrt((common * common).sum())
    if norm > LARGEST_STEP:
        common *= np.float32(LARGEST_STEP / norm)
    for item in mine:
        bought[item] = False
        if summed[item]:
            summed[item] = False
            for f in range(len(common)):
                taken[item, f] += common[f] - shrink * taken[item, f]
