"""docs/data.md agrees with the code."""

import re
from pathlib import Path

import pytest

from prepare_dataset.clean.reasons import ORDER, PROFILES
from prepare_dataset.files import limits
from prepare_dataset.table.columns import REQUIRED, Column, mapped_headers, match_header
from retailrec_shared.core.column_mapping import ColumnMapping

TEXT = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")


def rows(first_cell: str) -> list[list[str]]:
    """Rows of the table whose header begins so."""
    lines = TEXT[TEXT.index(f"| {first_cell} |") :].split("\n\n")[0].splitlines()[2:]
    return [re.split(r"\s*\|\s*", line.strip("| ")) for line in lines]


def test_every_reason_is_there_in_its_order_and_marked_if_the_tutorial_knows_it() -> None:
    documented = [(re.sub("[`* ]", "", name), "*" in name) for name, _ in rows("reason")]
    assert documented == [(str(reason), reason in PROFILES["tutorial"]) for reason in ORDER]


def test_every_column_is_there_with_its_aliases_and_its_key() -> None:
    table = rows("column")
    assert {name for name, *_ in table} == set(Column)
    for name, alias, key, absent in table:
        assert mapped_headers(ColumnMapping.model_validate({key.strip("`"): "x"})) == {name: "x"}
        assert not alias or match_header([alias]) == {name: 0}
        assert (absent == "refused") is (name in REQUIRED)


@pytest.mark.parametrize(
    "number",
    [
        limits.format_size(limits.MAX_TEXT_BYTES),
        limits.format_size(limits.MAX_XML_BYTES),
        f"{limits.MAX_CELLS // 10**6} million cells",
        f"{limits.MAX_ROWS // 10**6} million",
        f"{limits.MAX_RECORD_BYTES >> 20} MB",
        limits.format_size(limits.MAX_TABLE_BYTES),
        *map(limits.format_size, limits.MAX_BYTES.values()),
    ],
)
def test_every_limit_is_documented(number: str) -> None:
    assert number in TEXT[TEXT.index("## Limits") :]
