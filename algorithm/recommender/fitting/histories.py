"""What each user took, and how recently: the input of fits and of the recency term."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.data.interactions import Interactions, Times, count_matrix
from recommender.fitting.fitted import History

# A purchase counts half at this share of the mean age. The scale comes from the shop's own data; the curve
# falls so slowly that the share hardly matters.
HALF_AT = 0.2
OUTLIERS = 100  # one of so many rows may have a wrong time, at either end


def build_history(training: Interactions) -> History:
    """Build the counts, the recency and the ages of all pairs."""
    counts = count_matrix(training)
    return History(counts, recency(training, counts), ages(training, counts))


def recency(training: Interactions, counts: csr_matrix) -> npt.NDArray[np.float32]:
    """Return how recently and often each pair of ``counts`` was taken: (pairs,), 1 for a user's strongest.

    The square root of the sum over a pair's rows of 1 / (1 + age / h), where the age counts from the newest
    row of all. Rows without a time count as the oldest. Where no row has one, all rows count equally.
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
    """Return how long ago each pair of ``counts`` was last taken: (pairs,), 0 the newest row, 1 the oldest.

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
    """Return the seconds from each row to the newest; a row without a time is as old as the oldest."""
    times = _clipped(times)
    age: Times = np.nanmax(times) - times
    age[np.isnan(age)] = np.nanmax(age)
    return age


def _clipped(times: Times) -> Times:
    """Clip outliers to the ends of the other times: one row of 1970 or of 2099 would distort the scale."""
    known = times[~np.isnan(times)]
    outliers = max(1, len(known) // OUTLIERS)
    if len(known) < 2 * outliers + 1:
        return times
    low, high = np.partition(known, (outliers, len(known) - 1 - outliers))[[outliers, -1 - outliers]]
    sound = known[(known >= low - (high - low)) & (known <= high + (high - low))]
    # Nearly all rows have the same time: then the others are the only information.
    return times if low == high else np.clip(times, sound.min(), sound.max())
