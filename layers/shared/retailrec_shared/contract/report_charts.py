"""The data of the report's charts."""

from datetime import date
from typing import Literal

from pydantic import Field

from retailrec_shared.contract.report_part import Part

Unit = Literal["day", "week", "month", "year"]


class Period(Part):
    """A day, week, month or year, and its interactions."""

    start: date
    interactions: int = Field(ge=0)


class Timeline(Part):
    """Interactions over time, without gaps; weeks start on Monday. The first and last may be incomplete."""

    unit: Unit
    periods: list[Period]


class RankedCount(Part):
    """The interactions of the item with a rank; rank 1 has most."""

    rank: int = Field(ge=1)
    interactions: int = Field(ge=1)


class LongTail(Part):
    """How unevenly items are bought."""

    points: list[RankedCount]
    """At evenly spaced ranks of a logarithmic scale, from the first item to the last."""
    top_1_percent: float = Field(ge=0, le=1)
    """Share of all interactions that the most bought hundredth of the items has (at least one item)."""
    top_10_percent: float = Field(ge=0, le=1)
    top_20_percent: float = Field(ge=0, le=1)


class ActivityBin(Part):
    """The number of customers with ``least`` to ``most`` interactions."""

    least: int = Field(ge=1)
    most: int
    customers: int = Field(ge=0)


class Activity(Part):
    """How much customers buy; each bin is twice as wide as the one before it."""

    bins: list[ActivityBin]
    median: float
    """Half of the customers have at most this many interactions."""


class CountryRows(Part):
    """The rows kept of a country; a customer with several countries counts in each."""

    country: str
    rows: int
    customers: int


class Countries(Part):
    """The countries with most rows kept."""

    known: int
    """The number of different countries."""
    rows_without_country: int
    top: list[CountryRows]


class ChartData(Part):
    """The data of the charts in ``quality/report.html``, counted over the rows kept."""

    timeline: Timeline
    long_tail: LongTail
    activity: Activity
    countries: Countries
