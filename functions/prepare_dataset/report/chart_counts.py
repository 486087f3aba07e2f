"""Counts the data of the report's charts."""

import math

import numpy as np

from prepare_dataset.clean.interactions import Interactions
from prepare_dataset.table.arrays import Codes, Ints
from retailrec_shared.contract.report_charts import (
    Activity,
    ActivityBin,
    ChartData,
    Countries,
    CountryRows,
    LongTail,
    Period,
    RankedCount,
    Timeline,
    Unit,
)

TOP_COUNTRIES = 10
RANKS = 48
_DAY = 86_400
# The longest span, in days, of each unit: at most about 150 periods are readable in one chart.
_SPANS: tuple[tuple[Unit, int], ...] = (("day", 92), ("week", 3 * 366), ("month", 13 * 366))
_NUMPY_UNITS = {"day": "D", "month": "M", "year": "Y"}
# Since 1970-01-01 was a Thursday, numpy's weeks start on Thursdays.
_THURSDAY_TO_MONDAY = 3


def count_chart_data(rows: Interactions) -> ChartData:
    """Count the rows kept by time, item, customer and country."""
    return ChartData(
        timeline=count_timeline(rows.seconds),
        long_tail=count_long_tail(_per_value(rows.item.codes)),
        activity=count_activity(_per_value(rows.customer.codes)),
        countries=count_countries(rows),
    )


def _per_value(codes: Codes) -> Ints:
    """Return the number of rows of each value that has any."""
    counts = np.bincount(codes)
    return counts[counts > 0]


def count_timeline(seconds: Ints) -> Timeline:
    """Count times (n,) by the finest unit with few enough periods."""
    first = int(seconds.min()) // _DAY
    per_day = np.bincount(_since(first, seconds))
    unit: Unit = next((unit for unit, longest in _SPANS if len(per_day) <= longest), "year")
    days = first + np.arange(len(per_day))
    number = _periods(days, unit)
    counts = np.bincount(number - number[0], per_day).astype(np.int64)
    starts = _starts(number[0] + np.arange(len(counts)), unit)
    return Timeline(
        unit=unit,
        periods=[
            Period(start=start, interactions=count)
            for start, count in zip(starts.tolist(), counts.tolist(), strict=True)
        ],
    )


def _since(first: int, seconds: Ints) -> Ints:
    """Number days from the first one, without another copy of a long column."""
    days = seconds // _DAY
    days -= first
    return days


def _periods(days: Ints, unit: Unit) -> Ints:
    """Return the number of the period of each day since 1970."""
    if unit == "week":
        return (days + _THURSDAY_TO_MONDAY) // 7
    return days.astype("datetime64[D]").astype(f"datetime64[{_NUMPY_UNITS[unit]}]").astype(np.int64)


def _starts(periods: Ints, unit: Unit) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    if unit == "week":
        return (periods * 7 - _THURSDAY_TO_MONDAY).astype("datetime64[D]")
    return periods.astype(f"datetime64[{_NUMPY_UNITS[unit]}]").astype("datetime64[D]")


def count_long_tail(per_item: Ints) -> LongTail:
    """Rank items by their interactions (m,), each at least 1."""
    ranked = np.sort(per_item)[::-1]
    ranks = np.unique(np.rint(np.geomspace(1, len(ranked), RANKS)).astype(np.int64))
    return LongTail(
        points=[RankedCount(rank=int(rank), interactions=int(ranked[rank - 1])) for rank in ranks],
        top_1_percent=_share_of_top(ranked, 100),
        top_10_percent=_share_of_top(ranked, 10),
        top_20_percent=_share_of_top(ranked, 5),
    )


def _share_of_top(ranked: Ints, parts: int) -> float:
    """Return the share of the interactions of the top items, which are one of ``parts`` equal parts."""
    return round(float(ranked[: math.ceil(len(ranked) / parts)].sum() / ranked.sum()), 6)


def count_activity(per_customer: Ints) -> Activity:
    """Count customers by their interactions (c,): 1, 2 to 3, 4 to 7, and so on."""
    # frexp is exact, and gives 2 ** k the exponent k + 1.
    counts = np.bincount(np.frexp(per_customer.astype(np.float64))[1] - 1).tolist()
    bins = [
        ActivityBin(least=2**power, most=2 ** (power + 1) - 1, customers=customers)
        for power, customers in enumerate(counts)
    ]
    return Activity(bins=bins, median=float(np.median(per_customer)))


def count_countries(rows: Interactions) -> Countries:
    """Count rows and customers of the countries with most rows; equals are decided by the alphabet."""
    counts = np.bincount(rows.country.codes + 1, minlength=1)
    without, per_country = int(counts[0]), counts[1:]
    best = np.argsort(-per_country, kind="stable")[:TOP_COUNTRIES]
    top = [
        CountryRows(
            country=rows.country.values[int(code)].as_py(),
            rows=int(per_country[code]),
            customers=len(_per_value(rows.customer.codes[rows.country.codes == code])),
        )
        for code in best
        if per_country[code]
    ]
    return Countries(known=int(np.count_nonzero(per_country)), rows_without_country=without, top=top)
