"""Random numbers that depend on where they are used, not on what was drawn before.

A line's numbers are a hash of the seed, the purpose and the line's own number
(SplitMix64, Steele, Lea and Flood 2014). So any line can be made again, alone
and in any order: batches may have any size, the second sheet can repeat days
of the first, and a cancellation can look up what was bought.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)


class Noise:
    """The randomness of one seed, split by purpose."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def _sequence(self, purpose: str) -> np.random.SeedSequence:
        return np.random.SeedSequence([self._seed, *purpose.encode()])

    def generator(self, purpose: str) -> np.random.Generator:
        """Return an ordinary generator, for what is drawn once and whole."""
        return np.random.Generator(np.random.PCG64(self._sequence(purpose)))

    def uniform(self, purpose: str, number: Ints) -> Floats:
        """Return one number in [0, 1) for each of ``number``: always the same one for the same purpose."""
        key = self._sequence(purpose).generate_state(1, np.uint64)
        z = number.astype(np.uint64) * _STEP + key  # wraps around, as the algorithm wants
        z ^= z >> np.uint64(30)
        z *= _MIX_1
        z ^= z >> np.uint64(27)
        z *= _MIX_2
        z ^= z >> np.uint64(31)
        return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def pick(weights: Floats, uniform: Floats) -> Ints:
    """Return the index that each uniform number falls on when indices are as wide as their weights."""
    cumulative = np.cumsum(weights)
    found: Ints = np.searchsorted(cumulative, uniform * cumulative[-1], side="right")
    return np.minimum(found, len(weights) - 1)


def pick_by_row(cumulative: Floats, row: Ints, uniform: Floats) -> Ints:
    """Return an index for each row number and uniform number; ``cumulative`` is rows by choices, up to 1."""
    index: Ints = (uniform[:, None] >= cumulative[row, :-1]).sum(axis=1)
    return index
