"""Batch output and histories are joined in one pass, and nobody is lost or swapped."""

from collections.abc import Iterator

import pytest

from publish_recommendations.joining import BadOutput, body_of, pair, read_scores


def history(customer: str) -> dict[str, object]:
    return {
        "customer_id": customer,
        "country": "France",
        "purchases_total": 3,
        "purchases": [{"item_id": "A"}],
    }


def join(
    histories: list[dict[str, object]], scores: list[tuple[str, list[tuple[str, float]]]]
) -> Iterator[tuple[str, dict[str, object]]]:
    for customer, each, recommendations in pair(histories, scores, lambda one: str(one["customer_id"])):
        yield customer, body_of(each, recommendations)


def test_scores_are_grouped_by_user_in_order() -> None:
    lines = ["13085,85123A,0.9\n", "13085,22423,0.5\n", "\n", '00123,"a,b",1e-3\n']
    assert list(read_scores(lines)) == [
        ("13085", [("85123A", 0.9), ("22423", 0.5)]),
        ("00123", [("a,b", 0.001)]),
    ]


def test_customers_without_a_line_get_no_recommendations() -> None:
    joined = dict(join([history("1"), history("2"), history("3")], [("2", [("A", 0.5)])]))
    assert {customer: body["recommendations"] for customer, body in joined.items()} == {
        "1": [],
        "2": [("A", 0.5)],
        "3": [],
    }
    assert joined["1"]["purchases"] == [{"item_id": "A"}]


def test_a_user_who_is_no_customer_of_the_run_is_not_swallowed() -> None:
    with pytest.raises(BadOutput, match="its number 2, who is not next") as refusal:
        list(join([history("1")], [("1", [("A", 0.5)]), ("99887", [("A", 0.5)])]))
    assert "99887" not in str(refusal.value)  # it is logged, and mailed


def test_lines_that_are_lists_are_read_in_either_spelling() -> None:
    lines = [
        '[{"user_id": "1", "item_id": "A", "score": 0.9}, {"user_id": "1", "item_id": "B", "score": 0.5}]\n',
        "[]\n",
        "[{'user_id': '2', 'item_id': 'A', 'score': 0.25}]\n",
    ]
    assert list(read_scores(lines)) == [("1", [("A", 0.9), ("B", 0.5)]), ("2", [("A", 0.25)])]


@pytest.mark.parametrize(
    "line",
    ["13085,85123A\n", "13085,85123A,0.5,x\n", "13085,85123A,nan\n", "1,A,high\n", "[__import__('os')]\n"],
)
def test_an_output_that_is_none_says_why(line: str) -> None:
    good = "[]\n" if line.startswith("[") else "1,A,0.5\n"
    with pytest.raises(BadOutput, match=r"The batch output cannot be read\. Line 2"):
        list(read_scores([good, line]))
