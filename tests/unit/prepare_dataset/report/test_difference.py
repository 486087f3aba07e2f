"""A run compared with the previous one, and the drift warnings."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from prepare_dataset.dataset import prepare_file
from prepare_dataset.options import Options
from prepare_dataset.previous import read_ids
from prepare_dataset.report import drift_warnings
from prepare_dataset.report.difference import Ids, Origin, Previous, compare, compare_ids
from retailrec_shared.contract.quality_report import QualityReport
from retailrec_shared.contract.report_changes import Difference, WarningCode
from retailrec_shared.core import names
from tests.unit.prepare_dataset.inputs.shop_files import Prepared, Row, csv_file, days, prepare

UPLOADED = datetime(2012, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> QualityReport:
    return prepare(csv_file(tmp_path_factory.mktemp("base"), days(20))).report


def warned(base: QualityReport, ids: tuple[Ids, Ids] = (Ids(), Ids()), **changes: Any) -> list[str]:
    """Codes of the warnings when a run follows ``base`` with some figures changed."""
    current = base.model_copy(update={"uploaded_at": UPLOADED} | changes)
    difference = compare(Previous("p", "old.csv", base, ids[0]), current, ids[1])
    return [
        each.code
        for each in drift_warnings.find_warnings(current.model_copy(update={"difference": difference}), base)
    ]


def ids_of(done: Prepared) -> Ids:
    return Ids(
        read_ids((done.folder / names.CATALOGUE_JSONL).read_bytes(), "item_id", packed=True),
        read_ids((done.folder / names.BATCH_INPUT_JSONL).read_bytes(), "user_id"),
    )


def follow(folder: Path, before: Sequence[Row], now: Sequence[Row]) -> QualityReport:
    """Prepare one file after another."""
    (folder / "old").mkdir()
    old = prepare(csv_file(folder / "old", before))
    origin = Origin("new", "new.csv", UPLOADED, Previous("old", "old.csv", old.report, ids_of(old)))
    return prepare_file(
        csv_file(folder, now),
        folder / "run",
        Options(profile="retail", split="temporal", top_n=10, origin=origin),
    )


def test_a_report_has_the_difference_to_the_run_before(tmp_path: Path) -> None:
    before = [*days(20), *days(5, item="00123", customer="é, 1")]
    now = [*days(25), *days(5, item="NEW", customer=9), *days(2, customer=None)]
    report = follow(tmp_path, before, now)
    assert (report.run_id, report.file, report.uploaded_at) == ("new", "new.csv", UPLOADED)
    difference = report.difference
    assert isinstance(difference, Difference)
    assert (difference.previous_run_id, difference.previous_file) == ("old", "old.csv")
    assert (difference.rows_read.previous, difference.rows_read.current) == (25, 32)
    assert (difference.interactions.previous, difference.interactions.current) == (25, 30)
    assert difference.rejected_share.current == pytest.approx(2 / 32)
    for ids in (difference.item_ids, difference.customer_ids):
        assert ids
        assert (ids.unseen, ids.unseen_share, ids.gone) == (1, 0.5, 1)
    assert [warning.code for warning in report.warnings] == [
        "unseen_items", "rejected_share_doubled", "new_reason",
    ]  # fmt: skip
    on_disk = QualityReport.model_validate_json((tmp_path / "run" / names.QUALITY_REPORT_JSON).read_text())
    assert on_disk == report


def test_the_same_file_again_warns_of_nothing(tmp_path: Path) -> None:
    report = follow(tmp_path, days(20), days(20))
    assert report.warnings == []
    assert report.difference
    assert report.difference.item_ids
    assert report.difference.item_ids.unseen == 0


@pytest.mark.parametrize(
    ("field", "figure", "codes"),
    [
        ("rows_read", 81, []),
        ("rows_read", 80, ["rows_fell"]),
        ("rows_read", 149, []),
        ("rows_read", 150, ["rows_rose"]),
        ("customers", 80, ["customers_fell"]),
        ("customers", 150, ["customers_rose"]),
        ("items", 80, ["items_fell"]),
        ("items", 150, ["items_rose"]),
        ("interactions", 80, ["interactions_fell"]),
        ("interactions", 150, ["interactions_rose"]),
    ],
)
def test_a_drifting_count_is_a_warning(
    base: QualityReport, field: str, figure: int, codes: list[str]
) -> None:
    even = {"rows_read": 100, "rows_kept": 100, "interactions": 100, "customers": 100, "items": 100}
    report = base.model_copy(update=even)
    changed: dict[str, Any] = {field: figure} | ({"rows_kept": figure} if field == "rows_read" else {})
    assert warned(report, **changed) == codes


def test_rows_that_fell_are_one_warning(base: QualityReport) -> None:
    assert warned(base, rows_read=10, rows_kept=10, interactions=10) == ["rows_fell"]


def test_a_share_of_unseen_ids_is_a_warning_above_its_threshold(base: QualityReport) -> None:
    known = pa.array([f"{n}" for n in range(10)])
    for field, code, allowed in (("items", "unseen_items", 3), ("customers", "unseen_customers", 5)):
        for unseen in (allowed, allowed + 1):
            now = pa.array([f"{n}" for n in range(unseen, 10 + unseen)])
            found = warned(base, (Ids(**{field: known}), Ids(**{field: now})))
            assert found == ([code] if unseen > allowed else [])


def test_rejected_rows_are_a_warning_when_their_share_doubles_and_matters(base: QualityReport) -> None:
    before = base.model_copy(update={"rows_read": 1000, "rows_kept": 980})
    assert warned(before, rows_kept=961) == []
    assert warned(before, rows_kept=960) == ["rejected_share_doubled"]
    few = base.model_copy(update={"rows_read": 1000, "rows_kept": 999})
    assert warned(few, rows_kept=991) == []


def test_a_new_reason_is_a_warning_unless_it_is_a_few_rows_of_many(base: QualityReport) -> None:
    many = base.model_copy(update={"rows_read": 100_000, "rows_kept": 100_000})
    assert warned(many, rejected={"duplicate": 99}) == []
    assert warned(many, rejected={"duplicate": 100}) == ["new_reason"]
    had = many.model_copy(update={"rejected": {"duplicate": 1}})
    assert warned(had, rejected={"duplicate": 900}) == []


def test_an_older_newest_date_and_one_in_the_future_are_warnings(base: QualityReport) -> None:
    assert warned(base, last_timestamp=datetime(2011, 1, 19)) == ["newest_date_older"]
    assert warned(base, last_timestamp=datetime(2012, 1, 3)) == ["date_in_future"]
    assert warned(base, last_timestamp=datetime(2012, 1, 1, 13)) == []  # a shop east of Greenwich


def test_another_cleaning_profile_leaves_only_what_it_does_not_change(base: QualityReport) -> None:
    assert warned(base, profile="tutorial", interactions=1, customers=900, rejected={"duplicate": 9}) == [
        "profile_changed"
    ]
    assert warned(base, profile="tutorial", rows_read=1, rows_kept=1) == ["rows_fell", "profile_changed"]


def test_ids_that_are_not_known_are_not_compared() -> None:
    assert compare_ids(None, pa.array(["1"])) is None
    empty = compare_ids(pa.array([], pa.string()), pa.array(["1"]))
    assert empty
    assert (empty.unseen, empty.unseen_share, empty.gone) == (1, 1.0, 0)


def test_the_first_run_has_no_difference(base: QualityReport) -> None:
    assert base.difference is None
    assert base.warnings == []


def test_ids_are_read_back_as_texts(tmp_path: Path) -> None:
    ids = ["00123", "85123A", "1e5", '5" é', "\\n"]
    done = prepare(csv_file(tmp_path, [row for each in ids for row in days(2, item=each, customer=each)]))
    found = ids_of(done)
    assert found.items is not None
    assert found.customers is not None
    assert set(found.items.to_pylist()) == set(found.customers.to_pylist()) == set(ids)


@pytest.mark.parametrize("lines", [b"", b"no json", b'{"item_id": 5}\n', b'{"item_id": "5"'])
def test_lines_without_ids_are_an_error_that_can_be_logged(lines: bytes) -> None:
    with pytest.raises(pa.ArrowInvalid):
        read_ids(lines, "item_id")


def test_every_warning_is_documented() -> None:
    text = (Path(__file__).parents[4] / "docs" / "quality-report.md").read_text()
    assert [code for code in WarningCode if f"`{code}`" not in text] == []
