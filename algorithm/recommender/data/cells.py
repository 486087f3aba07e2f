"""Parse the cells of the optional columns: a time and a quantity."""

import math
from datetime import UTC, datetime
from functools import lru_cache

NO_TIME = math.nan
# Larger epoch numbers are milliseconds: as seconds they would be after the year 5000.
MAX_SECONDS = 1e11


def seconds(row: list[str], place: int) -> float:
    """Parse a time, ISO 8601 or a number, into seconds since 1970; NO_TIME if empty, else ValueError.

    A time without a zone is taken as UTC: only differences matter, and a shop has one clock.
    """
    return _seconds(row[place]) if place < len(row) else NO_TIME


def quantity(row: list[str], place: int) -> float:
    """Parse a quantity; 1 for an empty cell, ValueError where it is not a number."""
    text = row[place].strip() if place < len(row) else ""
    if not text:
        return 1.0
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"its quantity is not a number: {text[:50]!r}") from None
    return 1.0 if math.isnan(number) else number


# The rows of a receipt have the same time, and follow each other.
@lru_cache(maxsize=1024)
def _seconds(text: str) -> float:
    stripped = text.strip()
    if not stripped:
        return NO_TIME
    try:
        if not (stripped.isdecimal() and len(stripped) == len("20110901")):  # YYYYMMDD is a date
            return _epoch(float(stripped))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        raise ValueError(f"its time is neither ISO 8601 nor seconds since 1970: {text[:50]!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _epoch(number: float) -> float:
    if math.isinf(number):
        raise ValueError
    return number / 1000 if abs(number) > MAX_SECONDS else number
