"""Splits the rows that were kept into training and test rows."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from prepare_dataset.clean.dates import to_datetime
from prepare_dataset.table.arrays import Indices, Ints
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.settings import SplitRule

NEWEST_SHARE = 5
RANDOM_TRAIN_SHARE = 0.7
RANDOM_SEED = 41


@dataclass(frozen=True)
class Split:
    """Training and test rows, in the order to write them; ``cut_time`` is the time of the first test row."""

    rule: SplitRule
    train: Indices
    test: Indices
    cut_time: datetime | None = None


def split_rows(seconds: Ints, rule: SplitRule) -> Split:
    """Split rows with times ``seconds`` (n,); raise ``Rejected`` if a side would be empty."""
    return split_by_time(seconds) if rule == "temporal" else split_at_random(len(seconds))


def split_by_time(seconds: Ints) -> Split:
    """Make the newest fifth of the rows the test set, in file order.

    The cut is the time of the first row of the newest fifth: rows of one time stay on one side, so
    the test set may be larger than a fifth. If that leaves no training row, the next time is the cut.
    """
    position = len(seconds) - max(1, len(seconds) // NEWEST_SHARE)
    cut = np.partition(seconds, position)[position]
    if cut == seconds.min():
        later = seconds[seconds > cut]
        if not len(later):
            raise Rejected(
                "All rows have the same time, so the newest cannot be held out;"
                " upload a file of a longer period, or choose the random split."
            )
        cut = later.min()
    return Split("temporal", np.flatnonzero(seconds < cut), np.flatnonzero(seconds >= cut), to_datetime(cut))


def split_at_random(rows: int) -> Split:
    """Split rows as scikit-learn's ``train_test_split(train_size=0.7, random_state=41)`` does."""
    train_rows = int(np.floor(RANDOM_TRAIN_SHARE * rows))
    if train_rows == 0:
        raise Rejected(
            "Only one row is left after cleaning, and one row cannot be split; upload a file with more rows."
        )
    shuffled = np.random.RandomState(RANDOM_SEED).permutation(rows)
    test_rows = rows - train_rows
    return Split("random", train=shuffled[test_rows:], test=shuffled[:test_rows])
