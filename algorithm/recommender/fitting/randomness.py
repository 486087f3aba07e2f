"""Random whole numbers inside compiled loops: xorshift, whose state is an array of one uint64."""

import numpy as np
import numpy.typing as npt

from recommender.fitting.compiled import compiled

State = npt.NDArray[np.uint64]


@compiled
def seeded(seed: int) -> State:
    """Return the state of a seed; neighbouring seeds give unrelated numbers."""
    state = np.empty(1, np.uint64)
    # The golden ratio spreads the seeds' bits; a state of 0 would stay 0.
    state[0] = (np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)) ^ np.uint64(0xD1B54A32D192ED03)
    if state[0] == np.uint64(0):
        state[0] = np.uint64(1)
    for _ in range(4):
        below(state, 2)
    return state


@compiled
def below(state: State, limit: int) -> int:
    """Draw a whole number from 0 to ``limit - 1``; ``limit`` is below 2^32."""
    bits = state[0]
    bits ^= bits << np.uint64(13)
    bits ^= bits >> np.uint64(7)
    bits ^= bits << np.uint64(17)
    state[0] = bits
    # By way of int64: numba's int() of an unsigned number stays unsigned.
    return int(np.int64(((bits >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)))


@compiled
def shuffle(state: State, values: npt.NDArray[np.int64]) -> None:
    """Shuffle in place."""
    for last in range(len(values) - 1, 0, -1):
        other = below(state, last + 1)
        values[last], values[other] = values[other], values[last]
