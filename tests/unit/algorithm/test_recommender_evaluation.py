import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender import evaluation
from recommender.evaluation import Metrics, evaluate, precision
from recommender.interactions import HeldOut, Interactions, align, count_matrix

ITEMS = [f"i{number:02d}" for number in range(12)]
# The factors rank items 0 to 11 for users a and c, and 11 to 0 for user b.
USER_FACTORS = np.array([[1], [-1], [1]], dtype=np.float32)
ITEM_FACTORS = np.arange(12, 0, -1, dtype=np.float32)[:, None]

# User: items with repeats. i03 has three buyers, i00 two, the others one at most.
BOUGHT = {"a": [0, 1, 3], "b": [11, 11, 11, 3], "c": [3, 0, 2]}
# User c comes back for something never seen in training; z is new.
HELD_OUT = {"a": ["i00", "i11", "i11"], "b": ["i11", "i10", "i00"], "c": ["new"], "z": ["i00"]}


def interactions(rows: list[tuple[str, str]], item_ids: list[str] | None = None) -> Interactions:
    users, items = sorted({user for user, _ in rows}), item_ids or sorted({item for _, item in rows})
    user_codes = np.array([users.index(user) for user, _ in rows], dtype=np.int32)
    return Interactions(
        users, items, user_codes, np.array([items.index(item) for _, item in rows], dtype=np.int32)
    )


@pytest.fixture
def training() -> Interactions:
    return interactions([(user, ITEMS[item]) for user, items in BOUGHT.items() for item in items], ITEMS)


@pytest.fixture
def held_out(training: Interactions) -> HeldOut:
    return align(interactions([(user, item) for user, items in HELD_OUT.items() for item in items]), training)


@pytest.fixture
def metrics(training: Interactions, held_out: HeldOut) -> Metrics:
    return evaluate(USER_FACTORS, ITEM_FACTORS, count_matrix(training), held_out)


def test_repeats_are_counted_but_are_one_pair(training: Interactions) -> None:
    counts = count_matrix(training)
    assert counts.nnz == 8
    assert counts[1, 11] == 3


def test_only_known_users_are_evaluated(metrics: Metrics) -> None:
    assert metrics["users_evaluated"] == 3
    assert metrics["users_unknown"] == 1


@pytest.mark.parametrize(
    ("name", "each_user"),
    [
        # a is shown 0-9, of which 0 was held out; b 11-2: 11 and 10; c 0-9, but wants what nobody knows.
        ("p@k(10)", [1, 2, 0]),
        # Without 0, 1, 3 a is shown 2, 4-11, of which 11 is right; b, without 11 and 3, hits 10 and 0.
        ("p@k(10)_new_items", [1, 2, 0]),
        # Popular are 3 (three buyers), 0 (two), 1, 2 and 11 (one), then 4-8: a hits 0 and 11, b the same.
        ("p@k(10)_popularity", [2, 2, 0]),
        # Without their own, a is shown 2, 11, 4-10: 11; b is shown 0, 1, 2, 4-10: 0 and 10.
        ("p@k(10)_popularity_new_items", [1, 2, 0]),
        # a is shown 3, 0, 1, then 2, 11, 4-8: 0 and 11; b 11, 3, then 0, 1, 2, 4-8: 11 and 0.
        ("p@k(10)_own_items", [2, 2, 0]),
        # On what they bought: a 0, 1, 3; b 11, 3; c 0, 2, 3.
        ("p@k(10)_in_sample", [3, 2, 3]),
    ],
)
def test_each_metric_is_hits_in_ten_places_averaged_over_users(
    metrics: Metrics, name: str, each_user: list[int]
) -> None:
    assert metrics[name] == pytest.approx(sum(each_user) / 10 / 3)


def test_own_items_come_by_frequency_then_by_popularity(training: Interactions) -> None:
    score = evaluation.own_items_scorer(count_matrix(training))
    lists = evaluation.top_lists(score, np.arange(3, dtype=np.int32), k=4)
    assert lists.tolist() == [[3, 0, 1, 2], [11, 3, 0, 1], [3, 0, 2, 1]]


def test_blocks_give_what_one_piece_gives(
    metrics: Metrics, training: Interactions, held_out: HeldOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "BLOCK_CELLS", 1)
    assert evaluate(USER_FACTORS, ITEM_FACTORS, count_matrix(training), held_out) == metrics


def test_many_users_are_sampled_always_the_same(
    training: Interactions,
    held_out: HeldOut,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(evaluation, "MAX_USERS", 2)
    caplog.set_level("INFO")
    first, second = (evaluate(USER_FACTORS, ITEM_FACTORS, count_matrix(training), held_out) for _ in range(2))
    assert first == second
    assert first["users_evaluated"] == 2
    assert "evaluating 2 of 3 held-out users" in caplog.text


def test_without_held_out_rows_there_is_no_held_out_metric(training: Interactions) -> None:
    assert list(evaluate(USER_FACTORS, ITEM_FACTORS, count_matrix(training), None)) == ["p@k(10)_in_sample"]


def test_held_out_users_who_are_all_unknown_give_zero(training: Interactions) -> None:
    strangers = align(interactions([("x", "i00"), ("y", "i00")]), training)
    found = evaluate(USER_FACTORS, ITEM_FACTORS, count_matrix(training), strangers)
    assert (found["p@k(10)"], found["users_evaluated"], found["users_unknown"]) == (0.0, 0, 2)


def test_a_short_list_is_still_divided_by_its_places() -> None:
    lists = np.array([[2, -1, -1, -1]])
    assert precision(lists, csr_matrix(np.array([[1, 1, 1]], dtype=np.float32))).tolist() == [0.25]
