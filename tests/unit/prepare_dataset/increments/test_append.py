"""Files that are added to earlier ones: however a file is cut, the dataset is that of the whole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from prepare_dataset.dataset import prepare_file
from prepare_dataset.files import limits
from prepare_dataset.increments.append import OtherUploads
from prepare_dataset.increments.lines import read_lines, write_lines
from prepare_dataset.options import Options
from prepare_dataset.table.columns import OUR_HEADERS, Headers
from retailrec_shared.contract.report_values import RejectReason
from retailrec_shared.core import names
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.settings import Profile, SplitRule
from tests.unit.prepare_dataset.inputs.shop_files import (
    HEADER,
    Prepared,
    Row,
    csv_file,
    csv_text,
    days,
    parquet_file,
    purchase,
    xlsx_file,
)
from tests.unit.prepare_dataset.properties import holds_for
from tests.unit.prepare_dataset.test_properties import folder

DATASET = (
    names.TRAIN_CSV, names.TEST_CSV, names.TRAIN_PARQUET, names.TEST_PARQUET, names.CATALOGUE_JSONL,
    names.HISTORY_JSONL, names.POPULAR_JSON, names.SIMILAR_JSONL, names.BATCH_INPUT_JSONL,
)  # fmt: skip


def whole_lines(done: Prepared) -> Path:
    """The lines that a later run adds to."""
    path = done.folder / names.WHOLE_LINES
    return path if path.exists() else done.folder / names.OWN_LINES


def prepare(
    source: Path | None,
    *,
    before: Sequence[Path] = (),
    after: Sequence[Path] = (),
    profile: Profile = "retail",
    split: SplitRule = "temporal",
    headers: Headers = OUR_HEADERS,
) -> Prepared:
    target = (source.parent if source else before[0].parent) / "run"
    others = OtherUploads("append/shop.csv", before, after) if before or after or not source else None
    report = prepare_file(
        source, target, Options(profile=profile, split=split, top_n=10, headers=headers, others=others)
    )
    return Prepared(target, report)


def at(folder: Path, name: str) -> Path:
    """Make a folder of its own for a file."""
    place = folder / name
    place.mkdir()
    return place


def dataset(done: Prepared) -> dict[str, bytes]:
    return {name: (done.folder / name).read_bytes() for name in DATASET}


def lines_of(done: Prepared) -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in done.interactions()]


LINES = st.lists(
    st.builds(
        purchase,
        invoice=st.sampled_from(["536365", "C536365", "536366", ""]),
        item=st.sampled_from(["85048", "85123A", "00123", "POST", ""]),
        quantity=st.sampled_from(["6", "6.0", "-3", "1,200", "few"]),
        price=st.sampled_from(["2.55", "2.550", "0", ""]),
        date=st.integers(0, 40).map(lambda hours: str(datetime(2011, 1, 2) + timedelta(hours=hours))),
        customer=st.sampled_from(["13085", "13085.0", "17850", "NaN"]),
    ),
    min_size=1,
    max_size=40,
)
# What proves the decimal mark and gives both sides of a split a row comes first.
ANCHORS = [
    purchase(
        invoice="1", item="85048", quantity="6", price="2.55", date=f"2011-01-0{day} 01:00", customer="13085"
    )
    for day in (1, 2)
]


@holds_for(
    LINES,
    st.data(),
    st.sampled_from(["retail", "tutorial"]),
    st.sampled_from(["temporal", "random"]),
    few=10,
    many=300,
)
def test_any_cut_of_a_file_into_overlapping_increments_gives_the_dataset_of_the_whole(
    rows: list[Row], data: st.DataObject, profile: Profile, split: SplitRule
) -> None:
    log = [*ANCHORS, *sorted(rows, key=lambda row: str(row[4]))]
    # Exports begin and end between two times; each may begin well before the last one ended.
    ends = [end for end in range(2, len(log)) if log[end][4] != log[end - 1][4]]
    cuts = sorted(data.draw(st.sets(st.sampled_from(ends), max_size=4))) if ends else []
    with folder() as place:
        whole = prepare(csv_file(at(place, "whole"), log), profile=profile, split=split)
        done = prepare(
            csv_file(at(place, "full"), log[: cuts[0]] if cuts else log), profile=profile, split=split
        )
        for number, (cut, end) in enumerate(pairwise([*cuts, len(log)])):
            begin = data.draw(st.sampled_from([0, *(each for each in ends if each <= cut)]))
            source = csv_file(at(place, f"increment {number}"), log[begin:end])
            try:
                done = prepare(source, before=[whole_lines(done)], profile=profile, split=split)
            except Rejected as refusal:
                # Rows that the whole rejects one by one.
                assert refusal.reason.startswith(("No row can be added", "Nothing in the column"))  # noqa: PT017
                continue
            brought = done.report.increment
            assert brought
            assert brought.rows_read == end - begin
        assert dataset(done) == dataset(whole)
        if done.report.rows_read == whole.report.rows_read:
            assert done.report.rejected == whole.report.rejected
            assert done.report.facts.model_copy(update={"overlap_rows": 0}) == whole.report.facts.model_copy(
                update={"overlap_rows": 0}
            )


@holds_for(LINES, few=4, many=100)
def test_the_order_in_which_increments_are_taken_up_does_not_matter(rows: list[Row]) -> None:
    parts = [[*ANCHORS, *rows[0::3]], [*ANCHORS, *rows[1::3]], [*ANCHORS, *rows[2::3]]]
    with folder() as place:
        own: dict[int, Path] = {}
        for number, part in enumerate(parts):
            alone = prepare(csv_file(at(place, f"alone {number}"), part))
            own[number] = alone.folder / names.OWN_LINES
        in_order = prepare(csv_file(at(place, "a"), parts[0]), after=[own[1], own[2]])
        between = prepare(csv_file(at(place, "b"), parts[1]), before=[own[0]], after=[own[2]])
        last = prepare(csv_file(at(place, "c"), parts[2]), before=[own[0], own[1]])
        again = prepare(None, before=[whole_lines(in_order)])
        assert dataset(in_order) == dataset(between) == dataset(last) == dataset(again)


def test_a_line_is_there_as_often_as_in_the_file_that_has_it_most_often(tmp_path: Path) -> None:
    line = purchase(date="2011-02-01 10:00", invoice="7")
    full = prepare(csv_file(at(tmp_path, "full"), [*days(3), line, line]), profile="tutorial")
    fewer = prepare(csv_file(at(tmp_path, "b"), [line]), before=[whole_lines(full)], profile="tutorial")
    more = prepare(csv_file(at(tmp_path, "c"), [line] * 3), before=[whole_lines(fewer)], profile="tutorial")
    counts = [sum("2011-02-01" in each[2] for each in lines_of(done)) for done in (full, fewer, more)]
    assert counts == [2, 2, 3]
    assert more.report.increment
    assert more.report.increment.rows_repeated == 2


def test_an_item_that_was_renamed_since_makes_no_other_line(tmp_path: Path) -> None:
    full = prepare(csv_file(at(tmp_path, "full"), days(3)))
    renamed = [purchase(date=row[4], description="HEART, WHITE", country="EIRE") for row in days(3)]
    done = prepare(csv_file(at(tmp_path, "next"), renamed), before=[whole_lines(full)])
    assert dataset(done) == dataset(full)
    assert done.report.increment
    assert (done.report.increment.rows_repeated, done.report.increment.rows_kept) == (3, 0)


def test_a_day_of_returns_alone_is_added_and_changes_nothing(tmp_path: Path) -> None:
    full = prepare(csv_file(at(tmp_path, "full"), days(3)))
    returned = [purchase(invoice="C536365", quantity=-6, date=datetime(2011, 1, 4))]
    done = prepare(csv_file(at(tmp_path, "next"), returned), before=[whole_lines(full)])
    assert dataset(done) == dataset(full)
    assert done.report.rejected[RejectReason.CANCELLATION] == 1
    assert done.report.increment
    assert done.report.increment.rejected[RejectReason.CANCELLATION] == 1


def test_an_increment_without_any_line_of_a_customer_is_refused(tmp_path: Path) -> None:
    full = prepare(csv_file(at(tmp_path, "full"), days(3)))
    source = csv_file(at(tmp_path, "next"), [purchase(customer=""), purchase(customer="nan")])
    with pytest.raises(Rejected, match="No row can be added to the dataset: 2 have no customer"):
        prepare(source, before=[whole_lines(full)])


def test_the_report_counts_the_increment_and_the_whole(tmp_path: Path) -> None:
    full = prepare(csv_file(at(tmp_path, "full"), days(4)))
    rows = [
        *days(4)[2:],
        purchase(date=datetime(2011, 1, 5), customer=18000, item="22423"),
        purchase(date=datetime(2011, 1, 6), customer=""),
    ]
    done = prepare(csv_file(at(tmp_path, "next"), rows), before=[whole_lines(full)])
    report = done.report
    assert "What this file added" in (done.folder / names.QUALITY_REPORT_HTML).read_text(encoding="utf-8")
    assert "What this file added" not in (full.folder / names.QUALITY_REPORT_HTML).read_text(encoding="utf-8")
    assert (report.rows_read, report.rows_kept, report.rejected[RejectReason.MISSING_CUSTOMER]) == (6, 5, 1)
    assert [(sheet.name, sheet.rows) for sheet in report.sheets] == [(None, 4), ("append/shop.csv", 2)]
    brought = report.increment
    assert brought
    assert (brought.rows_read, brought.rows_repeated, brought.rows_kept) == (4, 2, 1)
    assert (brought.customers, brought.new_customers, brought.items, brought.new_items) == (1, 1, 1, 1)
    assert brought.first_timestamp == brought.last_timestamp == datetime(2011, 1, 5)


def test_files_of_several_formats_and_conventions_add_up(tmp_path: Path) -> None:
    """A workbook first, then days written with decimal commas and the month in the middle."""
    full = prepare(xlsx_file(at(tmp_path, "full"), {"2010": days(3)}))
    source = at(tmp_path, "next") / "day.csv"
    rows = [
        purchase(date=f"{day:02}.01.2011 10:00", price="3,75", quantity="1.200", item="22423")
        for day in (13, 14)
    ]
    source.write_text(csv_text(rows, delimiter=";"), encoding="utf-8")
    done = prepare(source, before=[whole_lines(full)])
    newest = done.parquet(names.TEST_PARQUET)[-1]
    assert (newest["timestamp"], newest["price"]) == (datetime(2011, 1, 14, 10), 3.75)
    assert newest["quantity"] == 1200
    # A day whose date proves nothing is read as the days before it were, and so is its price.
    source = at(tmp_path, "later") / "day.csv"
    row = purchase(date="05.02.2011 10:00", price="1.250", quantity="1", item="22423")
    source.write_text(csv_text([row], delimiter=";"), encoding="utf-8")
    done = prepare(source, before=[whole_lines(done)])
    newest = done.parquet(names.TEST_PARQUET)[-1]
    assert (newest["timestamp"], newest["price"]) == (datetime(2011, 2, 5, 10), 1250)
    assert done.report.sheets[0].name == "2010"


def test_a_date_whose_order_nothing_ever_decided_is_still_refused(tmp_path: Path) -> None:
    full = prepare(csv_file(at(tmp_path, "full"), days(3)))
    source = csv_file(at(tmp_path, "next"), [purchase(date="05/02/2011 10:00")])
    with pytest.raises(Rejected, match="the day first or the month first"):
        prepare(source, before=[whole_lines(full)])


def test_what_could_not_be_read_stays_so_whatever_later_files_prove(tmp_path: Path) -> None:
    invalid = purchase(quantity="1,200", price="2", date=datetime(2011, 1, 4))
    full = prepare(
        csv_file(at(tmp_path, "full"), [*(purchase(date=row[4], price="2") for row in days(3)), invalid])
    )
    done = prepare(
        csv_file(at(tmp_path, "next"), [purchase(date=datetime(2011, 1, 5))]), before=[whole_lines(full)]
    )
    assert [(row["reason"], row["Quantity"]) for row in done.rejected()] == [("invalid_quantity", "1,200")]


def test_a_file_without_prices_adds_to_one_with_them(tmp_path: Path) -> None:
    full = prepare(parquet_file(at(tmp_path, "full"), days(3)))
    bare = [[row[1], row[4] + timedelta(days=7), row[6]] for row in days(3)]
    source = csv_file(at(tmp_path, "next"), bare, header=(HEADER[1], HEADER[4], HEADER[6]))
    done = prepare(source, before=[whole_lines(full)])
    again = prepare(None, before=[whole_lines(done)])
    assert done.report.rows_kept == 6
    assert dataset(again) == dataset(done)
    assert {row["quantity"] for row in done.parquet(names.TEST_PARQUET)} == {1.0}


def test_a_malformed_line_is_kept_and_counted_in_the_whole(tmp_path: Path) -> None:
    full = prepare(csv_file(at(tmp_path, "full"), days(3)))
    source = csv_file(at(tmp_path, "next"), [purchase(date=datetime(2011, 1, 9))])
    source.write_text(source.read_text() + "one,two\n", encoding="utf-8")
    done = prepare(source, before=[whole_lines(full)])
    again = prepare(source, before=[whole_lines(done)])
    for each in (done, again):
        (row,) = each.rejected()
        assert (row["reason"], row["line"], row["sheet"], row["row"]) == (
            "malformed_row", "one,two", "append/shop.csv", 3,
        )  # fmt: skip
    assert again.report.increment
    assert again.report.increment.rows_repeated == 2


def test_a_whole_that_grew_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = prepare(csv_file(at(tmp_path, "full"), days(3)))
    monkeypatch.setattr("prepare_dataset.increments.merging.MAX_ROWS", 3)
    source: Any = csv_file(at(tmp_path, "next"), days(1))
    with pytest.raises(Rejected, match="would have 4 rows"):
        prepare(source, before=[whole_lines(full)])


@pytest.mark.slow
def test_a_dataset_of_more_sheets_than_rows_can_name_is_refused(tmp_path: Path) -> None:
    kept = read_lines(whole_lines(prepare(csv_file(at(tmp_path, "first"), days(3)))))
    last = limits.MAX_SHEETS_OF_DATASET - 1
    many = replace(
        kept.table,
        sheets=[f"{number}.csv" for number in range(last + 1)],
        columns_of_sheets=kept.table.columns_of_sheets * (last + 1),
        sheet_of_row=np.full(len(kept.table), last, np.int16),
    )
    write_lines(kept._replace(table=many), tmp_path / "many")
    with pytest.raises(Rejected, match=r"would have 32,768 sheets.*it replaces the dataset"):
        prepare(csv_file(at(tmp_path, "next"), days(2, customer=9)), before=[tmp_path / "many"])
