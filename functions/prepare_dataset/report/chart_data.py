"""The figures behind the report's pictures, few enough to draw and to read."""

from datetime import date
from typing import Literal

from pydantic import Field

from prepare_dataset.report.base import Part

Unit = Literal["day", "week", "month", "year"]


class Period(Part):
    """A day, week, month or year, and how much was bought in it."""

    start: date
    interactions: int = Field(ge=0)


class Timeline(Part):
    """Interactions over time, without gaps; a week starts on Monday. The first and last may not be whole."""

    unit: Unit
    periods: list[Period]


class RankedCount(Part):
    """How many interactions the item of a rank has; rank 1 has most."""

    rank: int = Field(ge=1)
    interactions: int = Field(ge=1)


class LongTail(Part):
    """How unevenly items are bought."""

    points: list[RankedCount]
    """At ranks that grow evenly on a logarithmic scale, from the first item to the last."""
    top_1_percent: float = Field(ge=0, le=1)
    """Share of all interactions that the most bought hundredth of the items has (at least one item)."""
    top_10_percent: float = Field(ge=0, le=1)
    top_20_percent: float = Field(ge=0, le=1)


class ActivityBin(Part):
    """How many customers have between ``least`` and ``most`` interactions, both included."""

    least: int = Field(ge=1)
    most: int
    customers: int = Field(ge=0)


class Activity(Part):
    """How much customers buy; each bin is twice as wide as the one before it."""

    bins: list[ActivityBin]
    median: float
    """Half of the customers have at most so many interactions."""


class CountryRows(Part):
    """What was kept of a country; customers with several countries count in each."""

    country: str
    rows: int
    customers: int


class Countries(Part):
    """The countries with most rows kept."""

    known: int
    """How many different countries there are."""
    rows_without_country: int
    top: list[CountryRows]


class ChartData(Part):
    """What the page ``quality/report.html`` draws; all of it is counted over the rows kept."""

    timeline: Timeline
    long_tail: LongTail
    activity: Activity
    countries: Countries
