"""What each user took, and how recently: the history that fits learn from and the recency term ranks by."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.data.interactions import Interactions, Times, count_matrix
from recommender.fitting.fitted import History

# A purchase counts half at this share of the mean age. Whatever the unit of a shop's rhythm, its
# own log has the scale; the curve falls so slowly that the share hardly matters.
HALF_AT = 0.2
STRANGE = 100  # one of so many rows may have a wrong time, at either end of the log


def build_history(training: Interactions) -> History:
    """Count what every user took, and say how recently."""
    counts = count_matrix(training)
    return History(counts, recency(training, counts), ages(training, counts))


def recency(training: Interactions, counts: csr_matrix) -> npt.NDArray[np.float32]:
    """How strongly each pair of ``counts`` is likely to be taken again: (pairs,), 1 for a user's strongest.

    The square root of the sum over a pair's rows of 1 / (1 + age / h): age from the newest row of all.
    Rows without a time count as the oldest. Where no row has one, every row counts alike.
    """
    rows = (training.user_codes, training.item_codes)
    # The same pairs in the same order as counts: both add up the same rows.
    summed = csr_matrix((_weights(training), rows), shape=counts.shape)
    summed.sort_indices()
    strength = np.sqrt(summed.data)
    user = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    strongest = np.zeros(counts.shape[0])
    np.maximum.at(strongest, user, strength)
    values: npt.NDArray[np.float32] = (strength / strongest[user]).astype(np.float32)
    return values


def ages(training: Interactions, counts: csr_matrix) -> npt.NDArray[np.float32] | None:
    """How long ago each pair of ``counts`` was last taken: (pairs,), 0 the newest row of all, 1 the oldest.

    None where no row has a time.
    """
    if training.times is None:
        return None
    age = _ages(training.times)
    pair = training.user_codes.astype(np.int64) * counts.shape[1] + training.item_codes
    # By pair, its newest row first; pairs in the order of counts, which has its indices sorted.
    order = np.lexsort((age, pair))
    first = np.flatnonzero(np.diff(pair[order], prepend=-1))
    longest = float(age.max())
    last: npt.NDArray[np.float32] = (age[order[first]] / (longest or 1)).astype(np.float32)
    return last


def _weights(training: Interactions) -> npt.NDArray[np.float64]:
    if training.times is None:
        return np.ones(len(training))
    age = _ages(training.times)
    half = HALF_AT * float(age.mean())
    return 1 / (1 + age / half) if half > 0 else np.ones(len(training))


def _ages(times: Times) -> Times:
    """Seconds from each row to the newest; a row without a time is as old as the oldest."""
    times = _sound(times)
    age: Times = np.nanmax(times) - times
    age[np.isnan(age)] = np.nanmax(age)
    return age


def _sound(times: Times) -> Times:
    """Bring times far outside of the log to its ends: one row of 1970 or of 2099 would stretch the scale."""
    known = times[~np.isnan(times)]
    strange = max(1, len(known) // STRANGE)
    if len(known) < 2 * strange + 1:
        return times
    low, high = np.partition(known, (strange, len(known) - 1 - strange))[[strange, -1 - strange]]
    sound = known[(known >= low - (high - low)) & (known <= high + (high - low))]
    # Nearly all at one time: then the others are all that times tell.
    return times if low == high else np.clip(times, sound.min(), sound.max())
