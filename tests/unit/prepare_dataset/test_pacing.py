"""A paced file waits for its blocks to be let go."""

import io
import threading

import pytest

from prepare_dataset import pacing
from prepare_dataset.pacing import AHEAD, Paced


def test_no_more_blocks_are_handed_out_than_may_be_in_use() -> None:
    file = Paced(io.BytesIO(b"x" * 100))
    held = [file.read(1) for _ in range(AHEAD)]
    late: list[bytes] = []
    reader = threading.Thread(target=lambda: late.append(file.read(1)))
    reader.start()
    reader.join(0.2)
    assert not late

    held.pop()
    reader.join(10)
    assert late == [b"x"]


def test_it_hands_out_all_there_is_even_to_who_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE_SECONDS", 0.01)
    file = Paced(io.BytesIO(b"abcdefghij"))
    assert b"".join([file.read(1) for _ in range(12)]) == b"abcdefghij"


def test_a_stopped_file_lets_whoever_waits_go() -> None:
    file = Paced(io.BytesIO(b"x" * 100))
    held = [file.read(1) for _ in range(AHEAD)]
    late: list[bytes] = []
    reader = threading.Thread(target=lambda: late.append(file.read(1)))
    reader.start()
    file.stop()
    reader.join(10)
    assert (late, len(held)) == ([b""], AHEAD)
