"""A file that cannot be used as a whole: one sentence, and the place."""

from pathlib import Path
from typing import Any

import pytest

from retailrec_shared.core.errors import Rejected
from tests.unit.prepare_dataset.inputs.shop_files import (
    HEADER,
    Row,
    csv_file,
    days,
    prepare,
    purchase,
    xlsx_file,
)


def refuse(path: Path, **options: Any) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        prepare(path, **options)
    assert not (path.parent / "run").exists()  # nothing that looks finished
    return refusal.value


def test_dates_that_may_be_read_two_ways_are_refused_with_their_place(tmp_path: Path) -> None:
    rows = [purchase(date="03/03/2011"), purchase(date="04/03/2011")]
    refusal = refuse(xlsx_file(tmp_path, {"March": rows}))
    assert (refusal.sheet, refusal.row, refusal.column) == ("March", 3, "InvoiceDate")
    assert "“04/03/2011” can be read with the day first or the month first" in refusal.reason


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"date": "soon"}, "InvoiceDate"),
        ({"quantity": "a few"}, "Quantity"),
        ({"price": "2.55 GBP"}, "Price"),
    ],
)
def test_a_column_in_which_nothing_can_be_read_is_refused(
    tmp_path: Path, changes: dict[str, Any], column: str
) -> None:
    rows = [purchase(**dict.fromkeys(changes, "")), *[purchase(**changes) for _ in range(3)]]
    refusal = refuse(csv_file(tmp_path, rows))
    assert (refusal.row, refusal.column) == (3, column)
    assert f"the first entry is “{next(iter(changes.values()))}”" in refusal.reason


def test_no_rows_left_says_what_became_of_them(tmp_path: Path) -> None:
    rows: list[Row] = [purchase(customer=None), purchase(customer=None), purchase(invoice="C1")]
    refusal = refuse(csv_file(tmp_path, rows))
    assert "2 have no customer, 1 are cancellations" in refusal.reason


@pytest.mark.parametrize("split", ["temporal", "random"])
def test_a_file_too_small_to_split_is_refused(tmp_path: Path, split: Any) -> None:
    assert refuse(csv_file(tmp_path, [purchase()]), split=split).reason


def test_lines_that_all_differ_from_the_header_are_refused(tmp_path: Path) -> None:
    refusal = refuse(csv_file(tmp_path, [[*row, "more"] for row in days(3)]))
    assert "No line has 8 cells" in refusal.reason
    assert refusal.row == 2


def test_every_refusal_is_a_sentence(tmp_path: Path) -> None:
    for rows, header in (([purchase()], HEADER), ([], HEADER), (days(3), ["a", "b"])):
        reason = refuse(csv_file(tmp_path, rows, header)).reason
        assert reason[0].isupper()
        assert reason.endswith(".")
