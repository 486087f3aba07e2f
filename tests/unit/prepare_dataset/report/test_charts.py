"""The figures behind the pictures, counted over the rows kept."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepare_dataset.report.chart_counts import count_activity, count_long_tail, count_timeline
from prepare_dataset.table.arrays import Ints
from retailrec_shared.contract.report_charts import ChartData
from tests.unit.prepare_dataset.inputs.shop_files import csv_file, days, prepare, purchase


def seconds(*moments: datetime) -> Ints:
    return np.array([round((moment - datetime(1970, 1, 1)).total_seconds()) for moment in moments])


def pictures(folder: Path, rows: list[list[object]]) -> ChartData:
    found = prepare(csv_file(folder, rows)).report.pictures
    assert found
    return found


@pytest.mark.parametrize(
    ("span", "unit", "first", "second"),
    [
        (30, "day", date(2011, 3, 2), date(2011, 3, 3)),
        (400, "week", date(2011, 2, 28), date(2011, 3, 7)),  # Mondays
        (2_000, "month", date(2011, 3, 1), date(2011, 4, 1)),
        (20_000, "year", date(2011, 1, 1), date(2012, 1, 1)),
    ],
)
def test_the_unit_of_time_suits_the_span(span: int, unit: str, first: date, second: date) -> None:
    begin = datetime(2011, 3, 2, 23, 59)
    timeline = count_timeline(seconds(begin, begin + timedelta(days=span), begin))
    assert timeline.unit == unit
    assert [period.start for period in timeline.periods[:2]] == [first, second]
    assert timeline.periods[0].interactions == 2
    assert timeline.periods[-1].interactions == 1
    assert len(timeline.periods) <= 160


def test_the_first_week_there_can_be_starts_before_1970() -> None:
    timeline = count_timeline(seconds(datetime(1970, 1, 1), datetime(1970, 7, 1)))
    assert (timeline.unit, timeline.periods[0].start) == ("week", date(1969, 12, 29))


@given(st.lists(st.integers(0, 130 * 365 * 86_400), min_size=1, max_size=30))
def test_no_interaction_is_lost_in_time_and_none_has_a_gap(times: list[int]) -> None:
    timeline = count_timeline(np.array(times))
    assert sum(period.interactions for period in timeline.periods) == len(times)
    assert timeline.periods[0].interactions > 0
    assert timeline.periods[-1].interactions > 0
    starts = [period.start for period in timeline.periods]
    assert starts == sorted(set(starts))
    assert len(starts) <= 160


def test_the_long_tail_says_what_the_best_items_have() -> None:
    tail = count_long_tail(np.array([1, 90, *[1] * 8]))
    assert (tail.points[0].rank, tail.points[0].interactions) == (1, 90)
    assert (tail.points[-1].rank, tail.points[-1].interactions) == (10, 1)
    # A hundredth of ten items is at least one.
    assert tail.top_1_percent == tail.top_10_percent == pytest.approx(90 / 99, abs=1e-6)
    assert tail.top_20_percent == pytest.approx(91 / 99, abs=1e-6)


def test_a_hundred_thousand_items_are_a_few_points_from_first_to_last() -> None:
    points = count_long_tail(np.arange(1, 100_001)).points
    assert len(points) <= 48
    assert [point.rank for point in (points[0], points[-1])] == [1, 100_000]
    assert [point.interactions for point in (points[0], points[-1])] == [100_000, 1]


@given(st.lists(st.integers(1, 2**40), min_size=1, max_size=30))
def test_every_customer_is_in_the_one_bin_that_fits(counts: list[int]) -> None:
    activity = count_activity(np.array(counts))
    for each in activity.bins:
        assert each.customers == sum(each.least <= count <= each.most for count in counts)
    assert sum(each.customers for each in activity.bins) == len(counts)


def test_countries_count_rows_and_customers_the_largest_first(tmp_path: Path) -> None:
    rows = [*days(9, country="France"), *days(2, country="EIRE", customer=9), purchase(country="EIRE"),
            purchase(country=" ", customer=3)]  # fmt: skip
    rows += [purchase(country=f"Land {n:02}", customer=100 + n) for n in range(12)]
    countries = pictures(tmp_path, rows).countries
    assert [(each.country, each.rows, each.customers) for each in countries.top[:3]] == [
        ("France", 9, 1), ("EIRE", 3, 2), ("Land 00", 1, 1),
    ]  # fmt: skip
    assert (len(countries.top), countries.known, countries.rows_without_country) == (10, 14, 1)


def test_a_file_without_countries_has_none(tmp_path: Path) -> None:
    header = ("StockCode", "Customer ID", "InvoiceDate")
    rows = [["A", "1", f"2011-01-0{day}"] for day in range(1, 8)]
    found = prepare(csv_file(tmp_path, rows, header)).report.pictures
    assert found
    assert (found.countries.top, found.countries.rows_without_country) == ([], 7)


def test_pictures_are_of_the_rows_kept(tmp_path: Path) -> None:
    found = pictures(tmp_path, [*days(5), *days(5), purchase(invoice="C1"), purchase(customer=None)])
    assert sum(period.interactions for period in found.timeline.periods) == 5
    assert sum(each.customers for each in found.activity.bins) == 1
    assert found.activity.median == 5
