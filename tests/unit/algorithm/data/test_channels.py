import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommender.data.channels import read_channel
from recommender.data.interactions import Interactions
from recommender.errors import UserError
from recommender.folders import Folders

HEADER = "user_id,item_id"


def rows(found: Interactions) -> list[tuple[str, str]]:
    users = [found.user_ids[code] for code in found.user_codes]
    return list(zip(users, [found.item_ids[code] for code in found.item_codes], strict=True))


@pytest.mark.parametrize(
    "odd", ["00123", "85123A", "1e5", "13085.0", "nan", "None", " padded ", "Ünïcode 🎁", "-0"]
)
def test_an_id_stays_the_string_it_is(write_channel: Callable[..., Path], odd: str) -> None:
    folder = write_channel("training", [HEADER, f"{odd},x", f"y,{odd}"]).parent
    assert rows(read_channel(folder)) == [(odd, "x"), ("y", odd)]


def test_quoted_ids_may_hold_commas_quotes_and_line_ends(write_channel: Callable[..., Path]) -> None:
    folder = write_channel("training", [HEADER, '"a,b","say ""hi"""', '"two\nlines",x']).parent
    assert rows(read_channel(folder)) == [("a,b", 'say "hi"'), ("two\nlines", "x")]


def test_every_file_of_a_channel_is_read_plain_or_gzipped(write_channel: Callable[..., Path]) -> None:
    folder = write_channel("training", [HEADER, "u1,i1"], "part-0.csv").parent
    write_channel("training", [HEADER, "u2,i2"], "deeper/part-1")
    (folder / "part-2").write_bytes(gzip.compress(f"{HEADER}\nu3,i3\n".encode()))
    assert sorted(rows(read_channel(folder))) == [("u1", "i1"), ("u2", "i2"), ("u3", "i3")]


def test_empty_files_among_others_are_ignored(write_channel: Callable[..., Path]) -> None:
    folder = write_channel("training", [HEADER, "u1,i1"], "part-0.csv").parent
    (folder / "_SUCCESS").touch()
    assert rows(read_channel(folder)) == [("u1", "i1")]
    (folder / "part-0.csv").write_bytes(b"")
    with pytest.raises(UserError, match="its header is nothing"):
        read_channel(folder)


def test_further_columns_a_byte_order_mark_crlf_and_blank_lines_are_no_trouble(folders: Folders) -> None:
    folder = folders.channel("training")
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(
        "\ufeffuser_id,item_id,time\r\nu1,i1,2011-01-01\r\n\r\nu1,i2\r\n\r\n".encode()
    )
    assert rows(read_channel(folder)) == [("u1", "i1"), ("u1", "i2")]


def test_codes_do_not_depend_on_the_order_of_rows(write_channel: Callable[..., Path]) -> None:
    one = read_channel(write_channel("training", [HEADER, "b,y", "a,x"]).parent)
    assert one.user_ids == ["a", "b"]
    assert one.user_codes.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ["user,item", "a,b"],
            r"training/interactions.csv: its first columns must be user_id,item_id.*user,item",
        ),
        (["user_id", "a"], "its first columns must be"),
        (["item_id,user_id", "a,b"], "its first columns must be"),
        ([], "its header is nothing"),
        ([HEADER, "a,b", "a,"], r"training/interactions.csv: line 3 has no item_id\."),
        ([HEADER, ",b"], "line 2 has no user_id"),
        ([HEADER, "a"], "line 2 has no item_id"),
        ([HEADER, '"never closed,b'], "must be in quotes.*line 2: unexpected end of data"),
        ([HEADER, "a,b", 'a,"2" nails'], "must be in quotes.*line 3"),
        ([HEADER], "holds no interaction"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_fault(
    write_channel: Callable[..., Path], lines: list[str], sentence: str
) -> None:
    folder = write_channel("training", lines).parent
    with pytest.raises(UserError, match=sentence):
        read_channel(folder)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"user_id,item_id\n\xff\xfe,b\n", "not UTF-8"),
        (gzip.compress(b"user_id,item_id\na,b\n" * 99)[:-12], "Cannot use training/a.csv"),
        (b"\x1f\x8bnot gzip after all", "Cannot use training/a.csv"),
    ],
)
def test_damaged_bytes_are_refused(folders: Folders, content: bytes, sentence: str) -> None:
    folder = folders.channel("training")
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        read_channel(folder)


@pytest.mark.parametrize("exists", [True, False])
def test_an_empty_channel_is_refused(folders: Folders, exists: bool) -> None:
    folder = folders.channel("training")
    if exists:
        folder.mkdir(parents=True)
    with pytest.raises(UserError, match="The training channel holds no file"):
        read_channel(folder)


def test_times_and_quantities_are_used_wherever_they_stand(write_channel: Callable[..., Path]) -> None:
    lines = [
        "user_id,item_id,price,quantity,timestamp",
        "u1,i1,1.50,3,2011-09-01 10:20:00",
        "u1,i2,,-3,2011-09-02 10:20:00",
        "u2,i1,,,1314872400",
        "u3,i1,,0,",
    ]
    found = read_channel(write_channel("training", lines).parent)
    assert rows(found) == [("u1", "i1"), ("u2", "i1")]  # the others are returns
    assert found.times is not None
    assert found.times.tolist() == [1314872400, 1314872400]


def test_the_marketplaces_twin_sees_two_columns(write_channel: Callable[..., Path]) -> None:
    lines = ["user_id,item_id,timestamp,quantity", "u1,i1,nonsense,-1", "u2,i1,,many"]
    found = read_channel(write_channel("training", lines).parent, two_columns=True)
    assert rows(found) == [("u1", "i1"), ("u2", "i1")]
    assert found.times is None


def test_files_with_and_without_times_go_together(write_channel: Callable[..., Path]) -> None:
    write_channel("training", ["user_id,item_id,timestamp", "u1,i1,2011-09-01"], "a.csv")
    found = read_channel(write_channel("training", [HEADER, "u2,i2"], "b.csv").parent)
    assert found.times is not None
    assert np.isnan(found.times).tolist() == [False, True]


def test_a_time_column_that_is_empty_is_none(write_channel: Callable[..., Path]) -> None:
    lines = ["user_id,item_id,timestamp", "u1,i1,", "u2,i2"]
    assert read_channel(write_channel("training", lines).parent).times is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("a,b,2011-09-01,many", r"training/interactions.csv: line 2: its quantity is not a number: 'many'\."),
        ("a,b,soon,1", "line 2: its time is neither ISO 8601 nor seconds since 1970: 'soon'"),
        ("a,b,2011-09-01,-1", "returns alone"),
    ],
)
def test_columns_that_cannot_be_used_are_reported(
    write_channel: Callable[..., Path], line: str, sentence: str
) -> None:
    folder = write_channel("training", ["user_id,item_id,timestamp,quantity", line]).parent
    with pytest.raises(UserError, match=sentence):
        read_channel(folder)
