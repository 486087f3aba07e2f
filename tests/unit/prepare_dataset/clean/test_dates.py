from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from prepare_dataset.clean.date_fields import NO_TIME
from prepare_dataset.clean.dates import parse_dates, to_datetime


def read(*texts: str) -> list[datetime | None]:
    return [None if time == NO_TIME else to_datetime(time) for time in parse_dates(pa.array(texts)).seconds]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2010-12-01 08:26:31", datetime(2010, 12, 1, 8, 26, 31)),
        ("2010-12-01 08:26", datetime(2010, 12, 1, 8, 26)),
        ("2010-12-01T08:26:31.700Z", datetime(2010, 12, 1, 8, 26, 31)),
        ("2010-12-01 08:26:31+01:00", datetime(2010, 12, 1, 8, 26, 31)),
        (" 2010/12/1 ", datetime(2010, 12, 1)),
        ("31/12/2010 8:26", datetime(2010, 12, 31, 8, 26)),
        ("12/31/2010 8:26", datetime(2010, 12, 31, 8, 26)),
        ("31.12.2010", datetime(2010, 12, 31)),
        ("12/31/2010 12:05 AM", datetime(2010, 12, 31, 0, 5)),
        ("12/31/2010 12:05 PM", datetime(2010, 12, 31, 12, 5)),
        ("12/31/2010 1:05:09 p.m.", datetime(2010, 12, 31, 13, 5, 9)),
        ("40148.32291666666", datetime(2009, 12, 1, 7, 45)),
        ("2012-02-29", datetime(2012, 2, 29)),
    ],
)
def test_times_are_read_on_the_shops_own_clock(text: str, time: datetime) -> None:
    assert read(text) == [time]


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2010-13-01", "2010-02-30", "2011-02-29", "2010-12-01 24:00", "2010-12-01 10:60",
        "1900-01-01", "2262-04-12", "1899-12-31 03:04:00", "12/31/2010 13:05 PM", "31/13/2010", "40148,5",
        "99999", "0.5", "12/31/10", "20101231",
    ],
)  # fmt: skip
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert read(text) == [None]


def test_one_date_that_is_only_right_day_first_settles_all_others() -> None:
    assert read("01/02/2011", "13/02/2011") == [datetime(2011, 2, 1), datetime(2011, 2, 13)]


def test_one_date_that_is_only_right_month_first_settles_all_others() -> None:
    assert read("01/02/2011", "02/13/2011") == [datetime(2011, 1, 2), datetime(2011, 2, 13)]


@pytest.mark.parametrize("texts", [["01/02/2011"], ["01/02/2011", "13/02/2011", "02/13/2011"]])
def test_dates_that_nothing_settles_are_ambiguous(texts: list[str]) -> None:
    assert parse_dates(pa.array(texts)).ambiguous.all()


def test_a_date_that_reads_the_same_both_ways_is_not_ambiguous() -> None:
    dates = parse_dates(pa.array(["03/03/2011", "2011-01-02", "rubbish"]))
    assert not dates.ambiguous.any()
    assert np.flatnonzero(dates.seconds == NO_TIME).tolist() == [2]
