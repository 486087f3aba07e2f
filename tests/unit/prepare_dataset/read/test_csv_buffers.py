"""What is lent to another thread is back before the lender goes on."""

import io
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from prepare_dataset.read.csv import buffers as buffers
from prepare_dataset.read.csv.buffers import BLOCKS_AHEAD, ReaderBuffers
from prepare_dataset.read.csv.reader import read_csv
from tests.unit.prepare_dataset.inputs.shop_files import csv_file, days

MOMENT = 0.2


def taken(file: Any) -> pa.Buffer:
    """Take a block of one byte as Arrow's reader does."""
    return pa.py_buffer(file.read(1))


def test_no_more_blocks_are_handed_out_than_may_be_in_use() -> None:
    file = ReaderBuffers(io.BytesIO(b"x" * 100)).file()
    held = [taken(file) for _ in range(BLOCKS_AHEAD)]
    late: list[bytes] = []
    reader = threading.Thread(target=lambda: late.append(taken(file).to_pybytes()))
    reader.start()
    reader.join(MOMENT)
    assert not late

    held.pop()
    reader.join()
    assert late == [b"x"]


def test_it_hands_out_all_there_is_even_to_who_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "RELEASE_SECONDS", 0.01)
    file = ReaderBuffers(io.BytesIO(b"abcdefghij")).file()
    blocks = [taken(file) for _ in range(12)]
    assert b"".join([block.to_pybytes() for block in blocks]) == b"abcdefghij"


def test_who_waits_for_a_block_is_let_go_at_the_end() -> None:
    lent = ReaderBuffers(io.BytesIO(b"x" * 100))
    late: list[bytes] = []

    def read(file: Any) -> None:
        held = [taken(file) for _ in range(BLOCKS_AHEAD + 1)]
        late.append(held[-1].to_pybytes())

    reader = threading.Thread(target=read, args=[lent.file()])
    reader.start()
    with lent:
        reader.join(MOMENT)
        assert not late
    assert late == [b""]


@pytest.mark.parametrize("kind", ["block", "file", "function"])
def test_leaving_waits_for_whatever_is_still_held(kind: str) -> None:
    lent = ReaderBuffers(io.BytesIO(b"x" * 100))
    file = lent.file()
    held: dict[str, Any] = {"block": taken(file), "file": file, "function": lent.function(print)}
    del file
    for other in {*held} - {kind}:
        del held[other]
    leaving = threading.Thread(target=lent.__exit__)
    leaving.start()
    leaving.join(MOMENT)
    assert leaving.is_alive()

    held.clear()
    leaving.join()
    assert lent.is_released()


def test_what_reading_raises_is_kept_from_the_reader_and_raised_to_the_lender() -> None:
    class Damaged:
        def read(self, _size: int, /) -> bytes:
            raise OSError("damaged")

    lent = ReaderBuffers(Damaged())
    assert not taken(lent.file())
    with pytest.raises(OSError, match="damaged"):
        lent.raise_error()
    lent.raise_error()


def test_a_csv_that_is_read_leaves_nothing_lent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    back: list[bool] = []
    leave = ReaderBuffers.__exit__

    def note(lent: ReaderBuffers, *_: object) -> None:
        leave(lent)
        back.append(lent.is_released())

    monkeypatch.setattr(ReaderBuffers, "__exit__", note)
    read_csv(csv_file(tmp_path, days(9)), packed=False)
    assert back == [True]
