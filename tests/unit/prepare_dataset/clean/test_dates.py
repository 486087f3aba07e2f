from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from prepare_dataset.clean.conventions import Conventions, Proofs
from prepare_dataset.clean.date_fields import NO_TIME
from prepare_dataset.clean.dates import Dates, read_dates, resolve_dates, to_datetime


def parse(*batches: list[str], known: bool | None = None) -> list[Dates]:
    """Parse batches of texts: all are read, then each is resolved by what all of them prove."""
    texts = [pa.array(batch) for batch in batches]
    readings = [read_dates(batch) for batch in texts]
    proofs = Proofs()
    for each, batch in zip(readings, texts, strict=True):
        proofs = proofs.merge(Proofs(*each.proofs(batch)))
    order = proofs.resolve(Conventions(day_first=known)).day_first
    return [resolve_dates(each, order) for each in readings]


def read(*texts: str, known: bool | None = None) -> list[datetime | None]:
    (dates,) = parse([*texts], known=known)
    return [None if time == NO_TIME else to_datetime(time) for time in dates.seconds]


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


def test_one_date_that_can_only_be_read_day_first_decides_all_others() -> None:
    assert read("01/02/2011", "13/02/2011") == [datetime(2011, 2, 1), datetime(2011, 2, 13)]


def test_one_date_that_can_only_be_read_month_first_decides_all_others() -> None:
    assert read("01/02/2011", "02/13/2011") == [datetime(2011, 1, 2), datetime(2011, 2, 13)]


@pytest.mark.parametrize("texts", [["01/02/2011"], ["01/02/2011", "13/02/2011", "02/13/2011"]])
def test_dates_whose_order_nothing_decides_are_ambiguous(texts: list[str]) -> None:
    (dates,) = parse(texts)
    assert dates.ambiguous.all()
    assert (dates.seconds == NO_TIME).all()


def test_a_date_of_one_batch_decides_those_of_all_batches() -> None:
    first, second = parse(["01/02/2011"], ["13/02/2011"])
    assert not first.ambiguous.any()
    assert to_datetime(first.seconds[0]) == datetime(2011, 2, 1)
    assert to_datetime(second.seconds[0]) == datetime(2011, 2, 13)


def test_dates_of_batches_that_contradict_each_other_are_ambiguous() -> None:
    assert all(dates.ambiguous.all() for dates in parse(["01/02/2011", "13/02/2011"], ["02/13/2011"]))


@pytest.mark.parametrize(("known", "time"), [(True, datetime(2011, 2, 1)), (False, datetime(2011, 1, 2))])
def test_a_known_order_holds_where_the_dates_prove_none(known: bool, time: datetime) -> None:
    assert read("01/02/2011", known=known) == [time]


def test_a_known_order_does_not_decide_between_dates_that_contradict_each_other() -> None:
    (dates,) = parse(["01/02/2011", "13/02/2011", "02/13/2011"], known=True)
    assert dates.ambiguous.all()


def test_a_date_that_reads_the_same_both_ways_is_not_ambiguous() -> None:
    (dates,) = parse(["03/03/2011", "2011-01-02", "rubbish"])
    assert not dates.ambiguous.any()
    assert np.flatnonzero(dates.seconds == NO_TIME).tolist() == [2]
