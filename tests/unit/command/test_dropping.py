from pathlib import Path

import pytest

from retailrec.dropping import Drop, choose_run, readable_file
from retailrec.following import choose
from retailrec.problems import Problem
from retailrec_shared.run import Upload
from tests.unit.command.runs import UPLOADED_AT, make_run

CONFIGURATION = {"top_n": "10", "split": "temporal"}


def upload(key: str = "sales.csv", etag: str = "e1") -> Upload:
    return Upload(bucket="raw", key=key, etag=etag, size=1, uploaded_at=UPLOADED_AT)


def drop(*known: str) -> Drop:
    return Drop("sales.csv", "e1", frozenset(known))


def test_the_run_of_a_drop_is_the_one_of_its_key_and_bytes() -> None:
    runs = [
        make_run("aa", upload=upload(etag="other")),
        make_run("bb", upload=upload(key="other.csv")),
        make_run("cc", upload=upload()),
    ]
    found = choose_run(runs, drop(), CONFIGURATION)
    assert found
    assert (found.run.run_id, found.before) == ("cc", False)
    assert choose_run(runs[:2], drop(), CONFIGURATION) is None


def test_the_same_bytes_keep_their_run() -> None:
    found = choose_run([make_run("cc", configuration=CONFIGURATION)], drop("cc"), CONFIGURATION)
    assert found
    assert found.before


def test_the_same_bytes_get_a_new_run_once_the_configuration_changed() -> None:
    old = make_run("cc", configuration=CONFIGURATION)
    new = make_run("dd", configuration=CONFIGURATION | {"top_n": "20"})
    assert choose_run([old], drop("cc"), CONFIGURATION | {"top_n": "20"}) is None
    found = choose_run([new, old], drop("cc"), CONFIGURATION | {"top_n": "20"})
    assert found
    assert (found.run.run_id, found.before) == ("dd", False)


def test_a_setting_that_the_run_does_not_know_makes_no_difference() -> None:
    found = choose_run(
        [make_run("cc", configuration=CONFIGURATION)], drop("cc"), CONFIGURATION | {"new": "1"}
    )
    assert found
    assert found.before


def test_only_files_can_be_dropped(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="There is no file"):
        readable_file(tmp_path / "absent.csv")
    with pytest.raises(Problem, match="is a folder"):
        readable_file(tmp_path)


def test_a_run_is_chosen_by_the_beginning_of_its_id() -> None:
    runs = [make_run("ab12"), make_run("ab34")]
    assert choose(runs, "AB1").run_id == "ab12"
    with pytest.raises(Problem, match="Several runs begin with ab"):
        choose(runs, "ab")
    with pytest.raises(Problem, match="There is no run ff"):
        choose(runs, "ff")
