"""A csv read in two parts is the table that it is when read in one."""

import random
from pathlib import Path
from typing import Any

import pytest

from prepare_dataset.read.csv import halves as csv_parts
from prepare_dataset.read.csv.layout import find_layout
from prepare_dataset.read.csv.reader import read_csv
from prepare_dataset.table.columns import OUR_HEADERS
from retailrec_shared.core.errors import Rejected

HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
DESCRIPTIONS = (
    "MUG",
    '"two\nlines"',
    '"a\n1,2,3,4,5,6,7,8\n1,2,3,4,5,6,7,8\nb"',
    '12" RULER',
    '"says ""hi"""',
    "TÊTE",
    '"never closed',
    "a,b",
    "",
)
WEIGHTS = {
    "plain": [1, 0, 0, 0, 0, 0, 0, 0, 0],
    "quoted": [4, 2, 2, 0, 2, 1, 0, 0, 1],
    "stray": [9, 0, 3, 1, 1, 1, 0, 2, 1],
    "broken": [30, 2, 2, 1, 1, 1, 1, 1, 1],
}


def read(path: Path, monkeypatch: pytest.MonkeyPatch, least_size: int) -> Any:
    """Everything that can be seen of a table, or the sentence of its refusal."""
    monkeypatch.setattr(csv_parts, "MIN_SPLIT_BYTES", least_size)
    try:
        table = read_csv(path, packed=False)
    except Rejected as refusal:
        return str(refusal)
    texts: Any = {**table.columns, "lines": table.malformed}
    return {name: coded.texts().to_pylist() for name, coded in texts.items()}, table.row_numbers.tolist()


def lines(seed: int, kind: str) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - a test's data
    return [
        f"{chance.randrange(9)},85123A,{text},1,2011-01-0{chance.randrange(1, 9)} 10:00,2.5,13085,France\n"
        for text in chance.choices(DESCRIPTIONS, WEIGHTS[kind], k=chance.randrange(2, 60))
    ]


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("seeds", [range(12), pytest.param(range(12, 500), marks=pytest.mark.soak)], ids=len)
def test_it_is_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: range, encoding: str, kind: str
) -> None:
    for seed in seeds:
        path = tmp_path / f"{seed}.csv"
        path.write_text(HEADER + "".join(lines(seed, kind)), encoding=encoding)
        assert read(path, monkeypatch, 0) == read(path, monkeypatch, 1 << 40), seed


def test_a_plain_file_is_cut_near_its_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + "1,85123A,MUG,1,2011-01-01 10:00,2.5,13085,France\n" * 1000)
    monkeypatch.setattr(csv_parts, "MIN_SPLIT_BYTES", 0)
    layout = find_layout(path, packed=False, encoding="utf-8", headers=OUR_HEADERS)

    cut = csv_parts.find_cut(path, layout)

    assert cut is not None
    assert abs(cut - path.stat().st_size / 2) < 200
    assert read(path, monkeypatch, 0)[1] == list(range(2, 1002))
