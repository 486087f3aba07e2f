"""Parses dates that were written by cash registers, databases and spreadsheets of any country."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from prepare_dataset.clean.date_fields import DAY, FIRST_YEAR, LAST_YEAR, NO_TIME, DateFields
from prepare_dataset.table.arrays import Bools, Ints
from prepare_dataset.table.arrow import Texts, floats, pc

_TIME = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?(?: ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?))?$"
)
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<b>\d{1,2})[-/.](?P<a>\d{1,2})" + _TIME
_YEAR_LAST = r"^(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<year>\d{4})" + _TIME
# Days since 1899-12-30: what a spreadsheet shows for a date that is formatted as a number.
_SERIAL = r"^\d{5}(\.\d+)?$"
_SERIAL_OF_1970 = 25_569
# A workbook may count from 1904-01-01 instead: ECMA-376 part 1, 18.2.28, date1904.
_LATER_IN_1904 = 1_462


@dataclass(frozen=True)
class DateReadings:
    """Every way to read n distinct texts as dates: seconds since 1970, ``NO_TIME`` where a way does not fit.

    ``plain`` has dates with the year first and serial numbers, which can be read in one way only;
    ``day_first`` and ``month_first`` read those with the year last.
    """

    plain: Ints
    day_first: Ints
    month_first: Ints

    def proofs(self, texts: Texts) -> tuple[str | None, str | None]:
        """Find a text that can only be read day first, and one that can only be read month first."""
        is_day_first, is_month_first = self.day_first != NO_TIME, self.month_first != NO_TIME
        return (
            _first_marked(texts, is_day_first & ~is_month_first),
            _first_marked(texts, is_month_first & ~is_day_first),
        )


def read_dates(texts: Texts, *, since_1904: bool = False) -> DateReadings:
    """Read distinct date texts: ISO, year last, or a spreadsheet's serial number.

    ``since_1904`` is whether serial numbers count from 1904. A fraction of a second and a UTC offset are
    ignored: the shop's own clock is what counts. Years outside 1970 to 2099 are typing errors in a shop's
    log, and no dates.
    """
    stripped = pc.utf8_trim_whitespace(texts)
    year_first = DateFields.extract(stripped, _YEAR_FIRST)
    year_last = DateFields.extract(stripped, _YEAR_LAST)
    return DateReadings(
        plain=np.where(
            year_first.found, year_first.seconds(month="b", day="a"), _serials(stripped, since_1904)
        ),
        day_first=year_last.seconds(month="b", day="a"),
        month_first=year_last.seconds(month="a", day="b"),
    )


class Dates(NamedTuple):
    """``seconds`` (n,) since 1970 on the shop's own clock, ``NO_TIME`` where a text is no date.

    ``ambiguous`` (n,) marks dates whose order of day and month is not known; they have ``NO_TIME``.
    """

    seconds: Ints
    ambiguous: Bools


def resolve_dates(readings: DateReadings, day_first: bool | None) -> Dates:
    """Choose the reading that the file's convention names; without one, only equal readings are certain."""
    if day_first is not None:
        year_last = readings.day_first if day_first else readings.month_first
        ambiguous = np.zeros(len(readings.plain), dtype=bool)
    else:
        # 03/03/2011 is the same in both orders.
        same = readings.day_first == readings.month_first
        year_last = np.where(same, readings.day_first, NO_TIME)
        ambiguous = ~same
    return Dates(np.where(year_last != NO_TIME, year_last, readings.plain), ambiguous)


def _first_marked(texts: Texts, marked: Bools) -> str | None:
    return str(texts[int(marked.argmax())]).strip() if marked.any() else None


def _serials(texts: Texts, since_1904: bool) -> Ints:
    readable = pc.match_substring_regex(texts, _SERIAL)
    days = floats(pc.cast(pc.if_else(readable, texts, None), pa.float64()))
    first = _SERIAL_OF_1970 - _LATER_IN_1904 * since_1904
    seconds = np.rint((np.nan_to_num(days) - first) * DAY).astype(np.int64)
    years = seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return np.where((days > 0) & (years >= FIRST_YEAR) & (years <= LAST_YEAR), seconds, NO_TIME)


def to_datetime(seconds: int | np.int64) -> datetime:
    """Convert seconds since 1970 into a time without a zone: the shop's own clock."""
    return datetime(1970, 1, 1) + timedelta(seconds=int(seconds))
