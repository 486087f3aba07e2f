"""How a shop writes dates and numbers, as far as its files have proved it."""

from typing import NamedTuple

from prepare_dataset.table.values import NumberStyle


class Conventions(NamedTuple):
    """Whether dates have the day first, and which is the decimal mark; None for what is not proven."""

    day_first: bool | None = None
    numbers: NumberStyle | None = None

    def or_else(self, earlier: "Conventions") -> "Conventions":
        """Fill in what earlier files of the same shop have proved."""
        day_first = earlier.day_first if self.day_first is None else self.day_first
        return Conventions(day_first, self.numbers or earlier.numbers)


UNKNOWN = Conventions()
