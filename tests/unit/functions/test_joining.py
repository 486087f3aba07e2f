"""Batch output and histories are joined in one pass, and nobody is lost or swapped."""

import pytest

from publish_recommendations.joining import join, read_scores


def history(customer: str) -> dict[str, object]:
    return {
        "customer_id": customer,
        "country": "France",
        "purchases_total": 3,
        "purchases": [{"item_id": "A"}],
    }


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
    with pytest.raises(ValueError, match="'9'"):
        list(join([history("1")], [("9", [("A", 0.5)])]))
