"""Reading dates that were written by cash registers, databases and spreadsheets of any country."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
# Days since 1899-12-30: what a spreadsheet shows when it is not told that a number is a date.
_SERIAL = r"^\d{5}(\.\d+)?$"
_SERIAL_OF_1970 = 25_569
# A workbook may count from 1904-01-01 instead: ECMA-376 part 1, 18.2.28, date1904.
_LATER_IN_1904 = 1_462


@dataclass(frozen=True)
class Dates:
    """``seconds`` (n,) since 1970 on the shop's own clock, ``NO_TIME`` where a text is no date.

    ``ambiguous`` marks what could be a date day first or month first, when the other dates do not
    tell which; it has ``NO_TIME`` then. ``day_first`` is what they proved, if they proved anything;
    ``contradiction`` are two texts that proved both.
    """

    seconds: Ints
    ambiguous: Bools
    day_first: bool | None = None
    contradiction: tuple[str, str] | None = None


def parse_dates(texts: Texts, day_first: bool | None = None, *, since_1904: bool = False) -> Dates:
    """Read distinct date texts: ISO, year last, or a spreadsheet's serial number.

    ``day_first`` is what holds where the dates themselves prove nothing; ``since_1904`` tells what serial
    numbers count from. A fraction of a second and a
    UTC offset are left aside: the shop's own clock is what counts. Years outside 1970 to 2099 are typing
    errors in a shop's log, and no dates.
    """
    stripped = pc.utf8_trim_whitespace(texts)
    year_first = DateFields.extract(stripped, _YEAR_FIRST)
    year_last = DateFields.extract(stripped, _YEAR_LAST)
    seconds = np.where(
        year_first.found, year_first.seconds(month="b", day="a"), _serials(stripped, since_1904)
    )
    of_year_last = _settle(
        stripped,
        day_first=year_last.seconds(month="b", day="a"),
        month_first=year_last.seconds(month="a", day="b"),
        otherwise=day_first,
    )
    return replace(of_year_last, seconds=np.where(year_last.found, of_year_last.seconds, seconds))


def _settle(texts: Texts, *, day_first: Ints, month_first: Ints, otherwise: bool | None) -> Dates:
    """Choose between two readings: a date that only one of them can read proves that one for all.

    What is known ``otherwise`` decides where no date proves anything, and not between two that contradict.
    """
    is_day_first, is_month_first = day_first != NO_TIME, month_first != NO_TIME
    proofs = is_day_first & ~is_month_first, is_month_first & ~is_day_first
    proves_day, proves_month = (bool(each.any()) for each in proofs)
    proven = proves_day if proves_day != proves_month else None
    chosen = proven if proven is not None or proves_day else otherwise
    if chosen is not None:
        return Dates(day_first if chosen else month_first, np.zeros(len(day_first), dtype=bool), proven)
    # 03/03/2011 needs no proof.
    settled = np.where(day_first == month_first, day_first, NO_TIME)
    unsettled = Dates(settled, (is_day_first | is_month_first) & (settled == NO_TIME))
    if not proves_day:
        return unsettled
    day, month = (str(texts[int(each.argmax())]) for each in proofs)
    return replace(unsettled, contradiction=(day, month))


def _serials(texts: Texts, since_1904: bool) -> Ints:
    readable = pc.match_substring_regex(texts, _SERIAL)
    days = floats(pc.cast(pc.if_else(readable, texts, None), pa.float64()))
    first = _SERIAL_OF_1970 - _LATER_IN_1904 * since_1904
    seconds = np.rint((np.nan_to_num(days) - first) * DAY).astype(np.int64)
    years = seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    return np.where((days > 0) & (years >= FIRST_YEAR) & (years <= LAST_YEAR), seconds, NO_TIME)


def to_datetime(seconds: int | np.int64) -> datetime:
    """Turn seconds since 1970 into a time without a zone: the shop's own clock."""
    return datetime(1970, 1, 1) + timedelta(seconds=int(seconds))
