"""What another thread uses is released before reading ends."""

import io
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from prepare_dataset.read.csv import buffers
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


def test_a_reader_that_keeps_all_blocks_still_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "RELEASE_SECONDS", 0.01)
    file = ReaderBuffers(io.BytesIO(b"abcdefghij")).file()
    blocks = [taken(file) for _ in range(12)]
    assert b"".join([block.to_pybytes() for block in blocks]) == b"abcdefghij"


def test_a_thread_that_waits_for_a_block_ends_with_the_context() -> None:
    buffered = ReaderBuffers(io.BytesIO(b"x" * 100))
    late: list[bytes] = []

    def read(file: Any) -> None:
        held = [taken(file) for _ in range(BLOCKS_AHEAD + 1)]
        late.append(held[-1].to_pybytes())

    reader = threading.Thread(target=read, args=[buffered.file()])
    reader.start()
    with buffered:
        reader.join(MOMENT)
        assert not late
    assert late == [b""]


@pytest.mark.parametrize("kind", ["block", "file", "function"])
def test_leaving_waits_for_whatever_is_still_held(kind: str) -> None:
    buffered = ReaderBuffers(io.BytesIO(b"x" * 100))
    file = buffered.file()
    held: dict[str, Any] = {"block": taken(file), "file": file, "function": buffered.function(print)}
    del file
    for other in {*held} - {kind}:
        del held[other]
    leaving = threading.Thread(target=buffered.__exit__)
    leaving.start()
    leaving.join(MOMENT)
    assert leaving.is_alive()

    held.clear()
    leaving.join()
    assert buffered.is_released()


def test_an_error_of_reading_is_raised_to_the_caller_and_not_to_the_reader() -> None:
    class Damaged:
        def read(self, _size: int, /) -> bytes:
            raise OSError("damaged")

    buffered = ReaderBuffers(Damaged())
    assert not taken(buffered.file())
    with pytest.raises(OSError, match="damaged"):
        buffered.raise_error()
    buffered.raise_error()


def test_reading_a_csv_releases_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released: list[bool] = []
    leave = ReaderBuffers.__exit__

    def note(buffered: ReaderBuffers, *_: object) -> None:
        leave(buffered)
        released.append(buffered.is_released())

    monkeypatch.setattr(ReaderBuffers, "__exit__", note)
    read_csv(csv_file(tmp_path, days(9)), packed=False)
    assert released == [True]
