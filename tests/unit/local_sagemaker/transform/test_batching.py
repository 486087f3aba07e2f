import asyncio
import io
import random

import pytest

from local.sagemaker.transform import batching


def cut(content: bytes, *, split: bool = True, many: bool = False, limit: int = 0) -> list[bytes]:
    return list(batching.payloads(io.BytesIO(content), split=split, many=many, limit=limit))


def test_lines_are_records_whatever_ends_them() -> None:
    assert cut(b"a\r\nb\n\n  \nc") == [b"a", b"b", b"c"]


def test_a_file_that_is_not_split_is_one_body() -> None:
    assert cut(b"a\nb\n", split=False) == [b"a\nb\n"]


def test_many_records_fill_a_body_up_to_its_limit() -> None:
    bodies = cut(b"aaa\nbbb\nccc\nd\n", many=True, limit=8)
    assert bodies == [b"aaa\nbbb", b"ccc\nd"]
    assert cut(b"aaa\nbbb\n", many=True) == [b"aaa\nbbb"]


@pytest.mark.parametrize("split", [True, False])
def test_what_is_too_large_is_refused(split: bool) -> None:
    with pytest.raises(batching.PayloadTooLarge, match="9 bytes"):
        cut(b"123456789", split=split, limit=8)


def sent(bodies: list[bytes], *, lines: bool, concurrency: int = 4) -> bytes:
    output = io.BytesIO()
    chance = random.Random(7)  # noqa: S311 (jitter)

    async def send(body: bytes) -> bytes:
        await asyncio.sleep(chance.random() / 200)
        return body

    asyncio.run(batching.transform(bodies, send, output, concurrency=concurrency, lines=lines))
    return output.getvalue()


def test_answers_keep_the_order_of_their_records() -> None:
    bodies = [str(number).encode() for number in range(200)]
    assert sent(bodies, lines=True).split() == bodies


def test_assembly_by_lines_leaves_one_newline_and_no_blank_line() -> None:
    assert sent([b"a\nb\n", b"", b"\n", b"c"], lines=True) == b"a\nb\nc\n"
    assert sent([b"a\n", b"", b"c"], lines=False) == b"a\nc"


def test_no_more_than_the_allowed_number_is_under_way() -> None:
    under_way, most = 0, 0

    async def send(body: bytes) -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return body

    asyncio.run(batching.transform([b"x"] * 30, send, io.BytesIO(), concurrency=3, lines=True))
    assert most == 3


def test_the_first_failure_ends_everything() -> None:
    asked = []

    async def send(body: bytes) -> bytes:
        asked.append(body)
        if body == b"5":
            raise ValueError("five")
        await asyncio.sleep(0.001)
        return body

    bodies = [str(number).encode() for number in range(1000)]
    with pytest.raises(ValueError, match="five"):
        asyncio.run(batching.transform(bodies, send, io.BytesIO(), concurrency=2, lines=True))
    assert len(asked) < 20
