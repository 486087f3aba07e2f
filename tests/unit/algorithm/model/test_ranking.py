import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model.ranking import NOTHING, best, best_rows

# Few distinct values, so that ties are the rule; -inf is an excluded item.
SCORES = st.sampled_from([-np.inf, -1.0, 0.0, 1.0, 2.0])


def reference(scores: list[float], n: int) -> list[int]:
    listed = [code for code, score in enumerate(scores) if score > -np.inf]
    return sorted(listed, key=lambda code: (-scores[code], code))[:n]


@given(st.lists(SCORES, min_size=1, max_size=30), st.integers(1, 40))
def test_best_orders_by_score_then_by_code(scores: list[float], n: int) -> None:
    assert best(np.array(scores, dtype=np.float32), n).tolist() == reference(scores, n)


@given(
    st.integers(1, 12).flatmap(
        lambda width: st.lists(st.lists(SCORES, min_size=width, max_size=width), min_size=1)
    )
)
def test_rows_are_ranked_as_single_lists_are(rows: list[list[float]]) -> None:
    lists = best_rows(np.array(rows, dtype=np.float32), 5)
    for row, found in zip(rows, lists.tolist(), strict=True):
        expected = reference(row, 5)
        assert found == expected + [NOTHING] * (5 - len(expected))


@pytest.mark.parametrize("n", [1, 10, 500])
def test_continuous_scores_take_the_fast_way_to_the_same_lists(n: int) -> None:
    scores = np.random.default_rng(0).normal(size=(20, 300)).astype(np.float32)
    expected = np.argsort(-scores, axis=1)[:, :n]
    assert (best_rows(scores, n)[:, : expected.shape[1]] == expected).all()
