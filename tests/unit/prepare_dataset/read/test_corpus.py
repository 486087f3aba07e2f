"""Every input of the corpus ends in its documented outcome, and leaves nothing half done."""

from pathlib import Path

import pytest

from retailrec_shared.core.errors import Rejected
from tests.unit.prepare_dataset.inputs import corpus_packed, corpus_parquet, corpus_text, corpus_workbooks
from tests.unit.prepare_dataset.inputs.corpus import CASES, Case, Kept, Refused
from tests.unit.prepare_dataset.inputs.shop_files import prepare

pytestmark = pytest.mark.slow

GROUPS = (corpus_text, corpus_packed, corpus_workbooks, corpus_parquet)


@pytest.mark.parametrize("each", CASES, ids=[case.name for case in CASES])
def test_an_odd_input_ends_as_documented(tmp_path: Path, each: Case) -> None:
    source = each.build(tmp_path)
    match each.outcome:
        case Kept() as kept:
            check_kept(source, each, kept)
        case Refused() as refused:
            check_refused(source, each, refused)
    assert not list(tmp_path.glob("tmp*")), "what was unpacked is gone"


def check_kept(source: Path, each: Case, kept: Kept) -> None:
    done = prepare(source, headers=each.headers)
    rejected = {str(reason): rows for reason, rows in done.report.rejected.items() if rows}
    assert (done.report.rows_kept, rejected) == (kept.rows, dict(kept.rejected))
    interactions = done.interactions()
    assert len(interactions) == kept.rows
    assert len(done.rejected()) == sum(kept.rejected.values())
    for column, value in kept.sees.items():
        assert {row[column] for row in interactions} == {value}


def check_refused(source: Path, each: Case, refused: Refused) -> None:
    with pytest.raises(Rejected, match=refused.words) as refusal:
        prepare(source, headers=each.headers)
    found = refusal.value
    assert (found.sheet, found.row, found.column) == (refused.sheet, refused.row, refused.column)
    assert found.reason[0].isupper()
    assert found.reason.endswith(".")
    assert not (source.parent / "run").exists()


def test_the_corpus_is_large_and_every_part_of_it_is_used() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.build.__module__ for case in CASES} == {group.__name__ for group in GROUPS}
