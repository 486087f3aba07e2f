from pathlib import Path

import pytest

from retailrec.client.problems import Problem
from retailrec.console.batch import filter_list
from retailrec.console.customer_ids import read_ids, search
from retailrec.console.drops import Drops, good_name, good_size
from retailrec.console.stack_session import NoStack, StackSession

IDS = ["00123", "12346", "13085", "23085", "AB-1"]


def test_ids_stay_as_they_are_written() -> None:
    assert list(read_ids([b'{"user_id": "00123", "top_n": "10"}', b"", b'{"user_id": "AB-1"}'])) == [
        "00123",
        "AB-1",
    ]


@pytest.mark.parametrize(
    ("text", "found"), [("1", ["12346", "13085", "00123", "AB-1"]), ("308", ["13085", "23085"]),
                        ("ab", ["AB-1"]), ("x", []), ("", IDS)]
)  # fmt: skip
def test_customers_are_found_by_how_they_begin_and_then_by_what_they_hold(
    text: str, found: list[str]
) -> None:
    assert search(IDS, text) == (found, len(found))


def test_a_filter_takes_from_the_batch_list_in_its_order() -> None:
    body = {"purchases": [{"item_id": "B"}], "recommendations": [["A", 3.0], ["B", 2.0], ["C", 1.0]]}
    assert filter_list(body, False, ()) == [("A", 3.0), ("B", 2.0), ("C", 1.0)]
    assert filter_list(body, True, ()) == [("A", 3.0), ("C", 1.0)]
    assert filter_list(body, True, ["A"]) == [("C", 1.0)]


@pytest.mark.parametrize("name", ["", "  ", "..", "a/", "a\nb.csv", "x" * 1100, "sales.csv.mapping.json"])
def test_a_name_that_cannot_be_a_key_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(Problem) as refused:
        good_name(name)
    assert str(refused.value).endswith(".")


def test_a_name_is_the_files_own_whatever_its_folder() -> None:
    assert good_name("C:\\shop\\sales + co (2011).xlsx") == "sales + co (2011).xlsx"
    assert good_name("../../etc/Umsätze.csv") == "Umsätze.csv"


def test_a_file_that_adds_to_the_dataset_says_so_in_its_key_once() -> None:
    assert good_name("day.csv", append=True) == "append/day.csv"
    assert good_name("append/day.csv", append=True) == "append/day.csv"
    assert good_name("append/day.csv") == "day.csv", "what the folder was called at home says nothing"
    with pytest.raises(Problem, match="too long"):
        good_name("x" * 1020, append=True)


@pytest.mark.parametrize("size", [0, 6 * 1024**3])
def test_an_empty_or_too_large_file_is_refused(size: int) -> None:
    with pytest.raises(Problem):
        good_size(size)


def test_a_drop_that_cannot_be_uploaded_says_why_and_leaves_no_file(tmp_path: Path) -> None:
    def no_stack() -> StackSession:
        raise NoStack("There is no stack.")

    path = tmp_path / "kept"
    path.write_bytes(b"rows")
    drops = Drops(no_stack, start=lambda work: work())
    drop = drops.begin(path, "sales.csv")
    assert (drop["state"], drop["sentence"]) == ("refused", "There is no stack.")
    assert drops.find(drop["id"]) == drop
    assert not path.exists()
