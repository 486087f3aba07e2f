"""Limits that hold whatever a file says of itself."""

from pathlib import Path

import pytest

from prepare_dataset.files import limits
from prepare_dataset.read.workbook import guard as workbook_guard
from prepare_dataset.table import raw_table as rawtable
from retailrec_shared.contract.report_values import Format
from retailrec_shared.core.errors import Rejected
from tests.environment import read_template
from tests.unit.prepare_dataset.inputs.shop_files import csv_file, days, prepare, purchase, xlsx_file


@pytest.mark.parametrize("kind", list(Format))
def test_a_file_is_refused_by_its_size_and_format_with_what_to_do(kind: Format) -> None:
    limit = limits.MAX_BYTES[kind]
    limits.refuse_too_large(kind, limit)
    with pytest.raises(Rejected, match=f"{kind} files can have at most .*; (split|save|leave)") as refusal:
        limits.refuse_too_large(kind, limit + 1)
    assert refusal.value.reason.endswith(".")


def test_the_functions_storage_holds_the_file_what_it_unpacks_to_and_what_is_made_of_it() -> None:
    storage = read_template()["Resources"]["PrepareDatasetFunction"]["Properties"]["EphemeralStorage"]["Size"]
    assert storage << 20 > 3 * limits.MAX_OBJECT_BYTES


def test_rows_are_counted_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawtable, "MAX_ROWS", 2)
    with pytest.raises(Rejected, match="leave out the oldest rows"):
        prepare(csv_file(tmp_path, days(3)))


def test_texts_that_would_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rawtable, "MAX_TABLE_BYTES", 100_000)
    same = [purchase(invoice=f"{n:06}", description="x" * 500) for n in range(999)]
    assert prepare(csv_file(tmp_path, [*days(3), *same])).report.rows_kept == 1_002
    different = [purchase(description=f"{n:0500}") for n in range(999)]
    with pytest.raises(Rejected, match="different texts fill the memory"):
        prepare(csv_file(tmp_path, different))


def test_the_sheets_of_a_workbook_are_counted_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_guard, "MAX_CELLS", 40)
    workbook_guard.guard_workbook(xlsx_file(tmp_path, {"one": days(4)}))
    with pytest.raises(Rejected, match="its sheets span 80 cells"):
        workbook_guard.guard_workbook(xlsx_file(tmp_path, {"one": days(4), "two": days(4)}))
