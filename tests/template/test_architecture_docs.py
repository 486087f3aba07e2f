"""The table "I want to change …" in docs/architecture.md names folders that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
SECTION = TEXT[TEXT.index("## I want to change …") :].split("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")][1:]


def test_the_table_answers_what_people_ask() -> None:
    assert len(ROWS) >= 25
    assert all(len(row) == 2 and "`" in row[1] for row in ROWS)


@pytest.mark.parametrize(
    "path", sorted({path for _, folder in ROWS for path in re.findall(r"`([^`]+)`", folder)})
)
def test_each_folder_of_the_table_exists(path: str) -> None:
    assert (ROOT / path).exists()
