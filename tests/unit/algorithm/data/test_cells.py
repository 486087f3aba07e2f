import math

import pytest

from recommender.data.cells import quantity, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011-09-01 10:20:00", 1314872400),
        ("2011-09-01T10:20:00Z", 1314872400),
        ("2011-09-01T12:20:00+02:00", 1314872400),
        ("2011-09-01", 1314835200),
        ("20110901", 1314835200),
        ("1314872400", 1314872400),
        (" 1314872400.5 ", 1314872400.5),
        ("1314872400000", 1314872400),
        ("1.3148724e9", 1314872400),
        ("0", 0),
        ("-86400", -86400),
    ],
)
def test_times_are_iso_or_epoch(text: str, expected: float) -> None:
    assert seconds(["u", "i", text], 2) == expected


@pytest.mark.parametrize("row", [["u", "i", ""], ["u", "i", "  "], ["u", "i"], ["u", "i", "nan"]])
def test_a_row_may_lack_its_time(row: list[str]) -> None:
    assert math.isnan(seconds(row, 2))


@pytest.mark.parametrize("text", ["yesterday", "2011-13-01", "01/09/2011", "inf"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"its time is neither ISO 8601 nor seconds since 1970: '{text}'"):
        seconds(["u", "i", text], 2)


def test_quantities() -> None:
    assert [quantity(["u", "i", text], 2) for text in ("3", "-1", " 0.5 ", "", "nan")] == [3, -1, 0.5, 1, 1]
    assert quantity(["u", "i"], 2) == 1
    with pytest.raises(ValueError, match="its quantity is not a number: 'many'"):
        quantity(["u", "i", "many"], 2)
