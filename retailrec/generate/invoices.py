"""The invoices of a dataset, in order of time: whose, when, how many lines, and what a cancellation cancels.

All invoices are held in memory (about 40 bytes each); their lines never are.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retailrec.generate.noise import Ints
from retailrec.generate.opening_hours import DAY

PURCHASE, ANONYMOUS, CANCELLATION, ADJUSTMENT = range(4)
NOBODY = -1


@dataclass(frozen=True)
class Invoices:
    """Arrays over invoices."""

    kind: NDArray[np.int8]
    customer: NDArray[np.int32]  # index, or NOBODY
    minute: Ints  # since the first day's midnight
    size: Ints  # lines
    source: Ints  # the invoice whose lines it shows: itself, but for cancellations

    @cached_property
    def day(self) -> Ints:
        """Day of each invoice, counted from the dataset's first."""
        return self.minute // DAY

    @cached_property
    def first_line(self) -> Ints:
        """Number of each invoice's first line, counted through all invoices."""
        return np.cumsum(self.size) - self.size

    @classmethod
    def make(cls, kind: int, customer: Ints, minute: Ints, size: Ints) -> Self:
        """Return invoices of one kind that show lines of their own."""
        number = len(size)
        return cls(np.full(number, kind, np.int8), customer.astype(np.int32), minute, size, np.arange(number))

    def followed_by(self, other: Self) -> Self:
        """Return both; what shows its own lines goes on doing so, what shows another's refers to ``self``."""
        own = other.source == np.arange(len(other.size))
        own &= other.kind != CANCELLATION
        source = np.where(own, other.source + len(self.size), other.source)
        return type(self)(
            np.concatenate([self.kind, other.kind]),
            np.concatenate([self.customer, other.customer]),
            np.concatenate([self.minute, other.minute]),
            np.concatenate([self.size, other.size]),
            np.concatenate([self.source, source]),
        )

    def by_time(self) -> Self:
        """Return the invoices in order of time."""
        order = np.argsort(self.minute, kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return type(self)(
            self.kind[order],
            self.customer[order],
            self.minute[order],
            self.size[order],
            place[self.source[order]],
        )
