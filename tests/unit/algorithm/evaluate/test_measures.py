import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.evaluate.measures import Truth, hits, mean_and_error, measure, ndcg, precision


def truth(rows: list[list[int]], unseen: list[int]) -> Truth:
    return Truth(csr_matrix(np.array(rows, dtype=np.float32)), np.array(unseen))


def test_a_short_list_is_still_divided_by_its_places() -> None:
    lists = np.array([[2, -1, -1, -1]])
    assert precision(lists, csr_matrix(np.array([[1, 1, 1]], dtype=np.float32))).tolist() == [0.25]


def test_hits_are_found_place_by_place() -> None:
    lists = np.array([[2, 0, -1], [1, 2, 0], [0, 1, 2]])
    items = csr_matrix(np.array([[0, 0, 1], [1, 0, 0], [0, 0, 0]], dtype=np.float32))
    assert hits(lists, items).tolist() == [[True, False, False], [False, False, True], [False] * 3]
    assert not hits(lists, csr_matrix((3, 3), dtype=np.float32)).any()


def test_ndcg_compares_with_the_best_list_there_could_be() -> None:
    hit = np.array([[True, False, True], [False, True, False], [True, True, True]])
    # Places are worth 1, 1 / log2(3) and 1 / 2; the last user has more to find than there are places.
    third = 1 / np.log2(3)
    expected = [1.5 / (1 + third), third / 1, 1]
    assert ndcg(hit, np.array([2, 1, 9])) == pytest.approx(expected)


def test_what_training_never_saw_counts_against_the_list() -> None:
    lists = np.array([[0, 1] + [-1] * 18])
    found = measure(lists, truth([[1, 1, 0]], [2]))
    assert found["recall@20"] == pytest.approx([0.5])
    assert found["map@20"] == pytest.approx([0.5])
    assert found["p@k(10)"] == pytest.approx([0.2])


def test_a_user_with_nothing_to_find_counts_for_precision_alone() -> None:
    lists = np.tile(np.arange(20), (2, 1))
    items = np.zeros((2, 20), dtype=np.float32)
    items[0, 3] = 1
    found = measure(lists, Truth(csr_matrix(items), np.array([0, 0])))
    assert mean_and_error(found["recall@20"])[0] == 1
    assert mean_and_error(found["hit_rate@20"])[0] == 1
    assert mean_and_error(found["p@k(10)"])[0] == 0.05


def test_bought_items_are_not_to_be_found_again() -> None:
    left = truth([[1, 1, 0]], [1]).without(csr_matrix(np.array([[1, 0, 1]], dtype=np.float32)))
    assert left.sizes.tolist() == [2]
    assert left.items.toarray().tolist() == [[0, 1, 0]]


def test_no_user_has_no_error() -> None:
    assert mean_and_error(np.array([])) == (0.0, 0.0)
    assert mean_and_error(np.array([0.5, np.nan])) == (0.5, 0.0)
    assert mean_and_error(np.array([0.0, 1.0])) == pytest.approx((0.5, 0.5))
