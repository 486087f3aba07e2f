"""How a shop writes dates and numbers: what the texts of a file prove, and what follows from it."""

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


class Proofs(NamedTuple):
    """What texts prove: a date with the day first and one with the month first, and decimal marks.

    A date such as 13/03/2011 can be read in one order only. Proofs of several batches are merged before
    any batch is parsed, since one date decides the order in all others.
    """

    day_first: str | None = None
    month_first: str | None = None
    numbers: frozenset[NumberStyle] = frozenset()

    def merge(self, other: "Proofs") -> "Proofs":
        """Add what other texts of the same file prove."""
        return Proofs(
            self.day_first or other.day_first,
            self.month_first or other.month_first,
            self.numbers | other.numbers,
        )

    @property
    def contradicting_dates(self) -> tuple[str, str] | None:
        """A date with the day first and one with the month first, if there are both."""
        return (self.day_first, self.month_first) if self.day_first and self.month_first else None

    @property
    def conventions(self) -> Conventions:
        """What is proven; proofs of both kinds prove nothing."""
        day_first = None if bool(self.day_first) == bool(self.month_first) else bool(self.day_first)
        return Conventions(day_first, next(iter(self.numbers)) if len(self.numbers) == 1 else None)

    def resolve(self, known: Conventions = UNKNOWN) -> Conventions:
        """Return the conventions to parse by: what is proven, else what is ``known``.

        What is known does not decide the order of dates that contradict each other.
        """
        resolved = self.conventions.or_else(known)
        return resolved._replace(day_first=None) if self.contradicting_dates else resolved
