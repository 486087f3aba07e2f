from pathlib import Path

import pytest

from retailrec.client.dropping import Drop, choose_run, key_of, readable_file
from retailrec.client.following import choose
from retailrec.client.problems import Problem
from retailrec_shared.ledger.run_parts import Upload
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


def test_the_key_of_an_increment_says_that_it_adds(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    assert key_of(path, None, append=False) == "day.csv"
    assert key_of(path, None, append=True) == "append/day.csv"
    assert key_of(path, "2011/day.csv", append=True) == "append/2011/day.csv"
    assert key_of(path, "append/day.csv", append=True) == "append/day.csv"
    assert key_of(path, "", append=False) == ""  # refused when it is uploaded


def test_a_retraining_on_the_same_upload_is_not_the_drops_run() -> None:
    runs = [make_run("r2", upload=upload(), retrains="r1"), make_run("r1", upload=upload())]
    found = choose_run(runs, drop(), {})
    assert found
    assert found.run.run_id == "r1"


@pytest.mark.parametrize("prefix", ["", " ", "\n"])
def test_the_only_run_must_be_named_too(prefix: str) -> None:
    with pytest.raises(Problem, match="No run is given"):
        choose([make_run("ab12")], prefix)


@pytest.mark.parametrize("prefix", ["../x", "-rf", "a" * 9_000, "ab*", "ab12\n\x1b[2J", "%61b"])
def test_a_prefix_of_no_run_is_a_short_sentence(prefix: str) -> None:
    with pytest.raises(Problem, match="There is no run") as problem:
        choose([make_run("ab12")], prefix)
    assert len(str(problem.value)) < 100
    assert str(problem.value).isprintable()
