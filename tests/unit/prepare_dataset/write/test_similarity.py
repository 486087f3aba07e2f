"""Similar items, against counting pair by pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prepare_dataset.write import similarity
from prepare_dataset.write.purchased import Purchased
from prepare_dataset.write.similarity import SHRINKAGE, similar_items

Pairs = set[tuple[int, int]]


def purchased(pairs: Pairs, items: int = 12, months: dict[tuple[int, int], int] | None = None) -> Purchased:
    ordered = sorted(pairs)
    customer = np.array([c for c, _ in ordered], dtype=np.int64)
    item = np.array([i for _, i in ordered], dtype=np.int64)
    month = np.array([(months or {}).get(pair, 0) for pair in ordered], dtype=np.int64)
    return Purchased(customer, item, month, np.array(["2011-01", "2011-02"], "datetime64[M]"), items)


def expected(pairs: Pairs, item: int, most: int) -> list[tuple[int, float]]:
    """The definition, spelled out."""
    buyers = {i: {c for c, j in pairs if j == i} for _, i in pairs}
    scores = []
    for other, who in buyers.items():
        both = len(who & buyers[item])
        if other != item and both:
            cosine = both / (len(who) * len(buyers[item])) ** 0.5
            scores.append((other, cosine * both / (both + SHRINKAGE)))
    return sorted(scores, key=lambda each: (-round(each[1], 12), each[0]))[:most]


@pytest.mark.parametrize("cells", [0, 1_000_000])
@pytest.mark.parametrize("at_a_time", [1, 7, 1_000_000])
@given(pairs=st.sets(st.tuples(st.integers(0, 7), st.integers(0, 11)), min_size=1))
@settings(max_examples=25, deadline=None)
def test_similarities_are_those_of_the_definition(cells: int, at_a_time: int, pairs: Pairs) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(similarity, "_CELLS_PER_PAIR", cells)
        patch.setattr(similarity, "_PAIRS_AT_A_TIME", at_a_time)
        found = similar_items(purchased(pairs), most=20)
    for item in {i for _, i in pairs}:
        mine = found.item == item
        assert found.neighbour[mine].tolist() == [other for other, _ in expected(pairs, item, 20)]
        assert found.score[mine] == pytest.approx([score for _, score in expected(pairs, item, 20)])


def test_only_the_nearest_are_kept() -> None:
    pairs = {(c, i) for c in range(8) for i in range(12) if (c * i) % 3 != 1}
    found = similar_items(purchased(pairs), most=4)
    assert set(np.bincount(found.item).tolist()) == {4}
    kept = found.score[found.item == 0]
    assert kept.tolist() == pytest.approx([score for _, score in expected(pairs, 0, 4)])


def test_of_a_long_history_the_newest_items_count() -> None:
    long = {(0, i) for i in range(200)}
    newest = {(0, i): 1 for i in range(150, 200)}
    kept = purchased(long, 200, newest).newest(50)
    assert kept.item.tolist() == list(range(150, 200))


def test_one_customer_who_bought_everything_does_not_square_the_work() -> None:
    whale = {(0, i) for i in range(5_000)}
    others = {(c, c % 10) for c in range(1, 2_000)}
    found = similar_items(purchased(whale | others, 5_000))
    assert len(found.item) <= similarity.PAIRS_PER_PURCHASE * len(whale | others)


def test_nothing_bought_is_nothing_similar() -> None:
    assert len(similar_items(purchased(set())).item) == 0
