"""Converts the numbers in dates to seconds since 1970, for many dates at once."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from prepare_dataset.table.arrays import Bools, Ints
from prepare_dataset.table.arrow import Texts, integers, pc, truths

NO_TIME = np.iinfo(np.int64).min
FIRST_YEAR, LAST_YEAR = 1970, 2099
DAY = 86_400

_NUMBERS = ("year", "a", "b", "hour", "minute", "second")
_24_HOURS, _PM = -1, 1


@dataclass(frozen=True)
class DateFields:
    """The numbers (n,) that a pattern found in each text, 0 where there is none.

    ``a`` and ``b`` are day and month in an order that is not known yet; ``half`` is -1 on a 24-hour clock,
    else 0 before noon and 1 after.
    """

    found: Bools
    numbers: dict[str, Ints]
    half: Ints

    @classmethod
    def extract(cls, texts: Texts, pattern: str) -> "DateFields":
        """Match texts with a pattern with the groups year, a, b, hour, minute, second and half."""
        fields = pc.extract_regex(texts, pattern)
        half = pc.index_in(pc.utf8_lower(pc.struct_field(fields, "half")), pa.array(["a", "p"]))
        return cls(
            found=truths(fields.is_valid()),
            numbers={name: _numbers(pc.struct_field(fields, name)) for name in _NUMBERS},
            half=integers(half, _24_HOURS),
        )

    def seconds(self, *, month: str, day: str) -> Ints:
        """Return seconds since 1970; ``NO_TIME`` where there is no date. ``month`` and ``day``: a or b."""
        year, months, days = self.numbers["year"], self.numbers[month], self.numbers[day]
        hour, minute, second = self._hour(), self.numbers["minute"], self.numbers["second"]
        first = ((year - 1970) * 12 + np.clip(months, 1, 12) - 1).astype("datetime64[M]")
        start = first.astype("datetime64[D]").astype(np.int64)
        length = (first + 1).astype("datetime64[D]").astype(np.int64) - start
        is_date = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (months >= 1) & (months <= 12)
        is_date &= (days >= 1) & (days <= length)
        is_time = (hour >= 0) & (hour < 24) & (minute < 60) & (second < 60)
        seconds = (start + days - 1) * DAY + hour * 3600 + minute * 60 + second
        return np.where(self.found & is_date & is_time, seconds, NO_TIME)

    def _hour(self) -> Ints:
        """Return hours of a 24-hour clock, -1 where a 12-hour clock has no such hour."""
        hour = self.numbers["hour"]
        of_twelve = np.where((hour >= 1) & (hour <= 12), hour % 12 + 12 * (self.half == _PM), -1)
        return np.where(self.half == _24_HOURS, hour, of_twelve)


def _numbers(texts: Texts) -> Ints:
    return integers(pc.cast(pc.if_else(pc.equal(texts, ""), None, texts), pa.int64()), 0)
