"""Answers of an algorithm: JSON, or Python's spelling of it; whatever else comes is refused and never run."""

import json
import time

import pytest

from retailrec_shared.serving.answer_lists import MOST_BYTES, MOST_LITERAL, BadAnswer, read_answer, read_rows

ROWS = [("13085", "85123A", 0.9), ("13085", "22423", -0.5)]
RECORDS = [{"user_id": user, "item_id": item, "score": score} for user, item, score in ROWS]


def test_json_is_read() -> None:
    assert read_rows(json.dumps(RECORDS).encode()) == ROWS
    assert read_answer(json.dumps(RECORDS)) == [("85123A", 0.9), ("22423", -0.5)]
    assert read_answer(b" [ ] \n") == []


@pytest.mark.parametrize(
    "text",
    [
        repr(RECORDS),
        repr(RECORDS) + "\n",
        "[{'user_id': '13085', 'item_id': '85123A', 'score': 0.9},"
        "{'user_id': '13085', 'item_id': '22423', 'score': -.5},]",
    ],
)
def test_pythons_spelling_is_read(text: str) -> None:
    assert read_rows(text) == ROWS


def test_quotes_brackets_and_escapes_belong_to_the_ids() -> None:
    items = ["it's", 'a "b"', "[[[{(", "\\", "é\u2028ü", "__import__('os')", "a,b"]
    records = [{"user_id": "1", "item_id": item, "score": 1} for item in items]
    for text in (repr(records), json.dumps(records), json.dumps(records, ensure_ascii=False)):
        assert [item for item, _ in read_answer(text)] == items


def test_numbers_that_lost_or_gained_quotes_are_taken() -> None:
    assert read_rows('[{"user_id": 13085, "item_id": 22423, "score": "0.25"}]') == [("13085", "22423", 0.25)]


HOSTILE = {
    "a call": "[__import__('os').system('true')]",
    "an attribute": "[{'item_id': ''.__class__, 'score': 1}]",
    "a comprehension": "[{'item_id': str(i), 'score': 1} for i in range(9)]",
    "an f-string": "[{'item_id': f'{1}', 'score': 1}]",
    "bytes": "[{'item_id': b'1', 'score': 1}]",
    "a lambda": "lambda: 1",
    "a power": "[{'item_id': 'a', 'score': 9**9**9}]",
    "a product": "[{'item_id': 'a' * 999999999, 'score': 1}]",
    "deep brackets": "[" * 100_000,
    "deep and closed": "[" * 50_000 + "]" * 50_000,
    "deep json": '{"a":' * 50_000,
    "many minuses": "[{'item_id': 'a', 'score': " + "-" * 100_000 + "1}]",
    "a huge number": "[{'item_id': 'a', 'score': " + "9" * 100_000 + "}]",
    "infinity": '[{"item_id": "a", "score": Infinity}]',
    "overflow": '[{"item_id": "a", "score": 1e999}]',
    "not a number": "[{'item_id': 'a', 'score': nan}]",
    "no number in text": '[{"item_id": "a", "score": "nan"}]',
    "a truth": '[{"item_id": "a", "score": true}]',
    "a number with a fraction as id": '[{"item_id": 1.5, "score": 1}]',
    "none as id": "[{'item_id': None, 'score': 1}]",
    "no item": '[{"user_id": "1", "score": 1}]',
    "no score": '[{"item_id": "1"}]',
    "a field twice": '[{"item_id": "1", "score": 1, "score": 2}]',
    "a record alone": '{"item_id": "1", "score": 1}',
    "rows in lists": '[["1", "2", 0.5]]',
    "a tuple": "({'item_id': '1', 'score': 1},)",
    "a set": "[{'item_id', 'score'}]",
    "two lists": "[] []",
    "unfinished": "[{'item_id': '1', 'score': 1}",
    "an unfinished string": "[{'item_id': '1",
    "nothing": "",
    "html": "<html>502 Bad Gateway</html>",
    "a null byte": "[{'item_id': '1', 'score': 1}]\x00",
    "bad unicode": "[{'item_id': '\\N{NO SUCH}', 'score': 1}]",
    "a comment": "[] # and more",
    "nulls": "null",
    "a lone surrogate escape": "[{'item_id': '\\uZZZZ', 'score': 1}]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_list_of_records_is_refused_at_once(text: str) -> None:
    began = time.thread_time()  # what others take of the machine is not in it
    with pytest.raises(BadAnswer) as refusal:
        read_answer(text)
    assert time.thread_time() - began < 1.0
    assert 10 < len(str(refusal.value)) < 300  # a sentence, not the whole answer


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_refusal_quotes_nothing_since_it_is_logged(text: str) -> None:
    named = text.replace("'1'", "'99887'").replace('"1"', '"99887"')
    for hostile in (named, f"{named} 99887", f"[{{'user_id': '99887', 'score': {named}}}]"):
        with pytest.raises(BadAnswer) as refusal:
            read_answer(hostile)
        assert "99887" not in str(refusal.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadAnswer, match="UTF-8"):
        read_answer(b"\xff\xfe[]")


def test_size_is_limited_and_more_so_for_what_is_no_json() -> None:
    with pytest.raises(BadAnswer, match="bytes long"):
        read_answer(b"[" + b" " * MOST_BYTES + b"]")
    with pytest.raises(BadAnswer, match="too long"):
        read_answer("['" + "a" * MOST_LITERAL + "']")
