from dataclasses import replace

import numpy as np
import pytest

from recommender.data.interactions import HeldOut, Interactions, align, count_matrix
from recommender.evaluate import evaluation
from recommender.evaluate.evaluation import Evaluated, Metrics, evaluate
from recommender.evaluate.scorers import own_items_scorer
from recommender.fitting.fitted import Fitted
from recommender.fitting.histories import build_history

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


def evaluated(training: Interactions, recency_weight: float = 0.0) -> Evaluated:
    return Evaluated(Fitted(USER_FACTORS, ITEM_FACTORS), build_history(training), recency_weight)


@pytest.fixture
def training() -> Interactions:
    return interactions([(user, ITEMS[item]) for user, items in BOUGHT.items() for item in items], ITEMS)


@pytest.fixture
def held_out(training: Interactions) -> HeldOut:
    return align(interactions([(user, item) for user, items in HELD_OUT.items() for item in items]), training)


@pytest.fixture
def metrics(training: Interactions, held_out: HeldOut) -> Metrics:
    return evaluate(evaluated(training), held_out)


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
    score = own_items_scorer(count_matrix(training))
    lists = evaluation.top_lists(score, np.arange(3, dtype=np.int32), k=4)
    assert lists.tolist() == [[3, 0, 1, 2], [11, 3, 0, 1], [3, 0, 2, 1]]


def test_blocks_give_what_one_piece_gives(
    metrics: Metrics, training: Interactions, held_out: HeldOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "BLOCK_CELLS", 1)
    assert evaluate(evaluated(training), held_out) == metrics


def test_many_users_are_sampled_always_the_same(
    training: Interactions,
    held_out: HeldOut,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(evaluation, "MAX_USERS", 2)
    caplog.set_level("INFO")
    first, second = (evaluate(evaluated(training), held_out) for _ in range(2))
    assert first == second
    assert first["users_evaluated"] == 2
    assert "evaluating 2 of 3 held-out users" in caplog.text


def test_without_held_out_rows_there_is_no_held_out_metric(training: Interactions) -> None:
    assert list(evaluate(evaluated(training), None)) == ["p@k(10)_in_sample"]


def test_held_out_users_who_are_all_unknown_give_zero(training: Interactions) -> None:
    strangers = align(interactions([("x", "i00"), ("y", "i00")]), training)
    found = evaluate(evaluated(training), strangers)
    assert (found["p@k(10)"], found["users_evaluated"], found["users_unknown"]) == (0.0, 0, 2)


@pytest.mark.parametrize(
    ("name", "each_user"),
    [
        # a finds 0 and 11, at places 1 and 12 of twelve; b finds 11 and 10, and 0 at the last; c, nothing.
        ("recall@20", [1, 1, 0]),
        ("hit_rate@20", [1, 1, 0]),
        ("map@20", [(1 + 2 / 12) / 2, (1 + 1 + 3 / 12) / 3, 0]),
        # New to a is 11 alone, listed ninth of nine; to b 10 and 0, listed first and tenth of ten.
        ("recall@20_new_items", [1, 1, 0]),
        ("map@20_new_items", [1 / 9, (1 + 2 / 10) / 2, 0]),
    ],
)
def test_longer_lists_are_measured_too(metrics: Metrics, name: str, each_user: list[float]) -> None:
    assert metrics[name] == pytest.approx(sum(each_user) / 3)
    spread = np.std(each_user, ddof=1) / np.sqrt(3)
    assert metrics[f"{name}_se"] == pytest.approx(spread)


def test_catalogue_and_surprise(metrics: Metrics) -> None:
    assert metrics["coverage@20"] == 1  # lists of twenty hold all twelve items
    # Everyone bought i03: it is new to nobody.
    assert metrics["coverage@20_new_items"] == pytest.approx(11 / 12)
    assert metrics["cold_users_share"] == 0.25
    assert metrics["novelty@20"] > metrics["novelty@20_own_items"] - 1e-9


def test_the_recency_term_is_in_the_lists_of_all_items_alone(
    training: Interactions, held_out: HeldOut, metrics: Metrics
) -> None:
    strong = evaluate(evaluated(training, 1000.0), held_out)
    # Own items first: a is shown 0, 1, 3 and then 2, 4-9; b is shown 11, 3, 10, ...
    assert strong["map@20"] == pytest.approx(((1 + 2 / 12) / 2 + (1 + 2 / 3 + 3 / 12) / 3) / 3)
    for name in ("p@k(10)_in_sample", "ndcg@20_new_items", "p@k(10)_without_recency"):
        assert strong[name] == metrics[name]
    assert metrics["p@k(10)_without_recency"] == metrics["p@k(10)"]


def test_recent_items_are_a_baseline_only_where_there_are_times(
    training: Interactions, held_out: HeldOut, metrics: Metrics
) -> None:
    assert "p@k(10)_own_recent" not in metrics
    timed = replace(evaluated(training), timed=True)
    assert evaluate(timed, held_out)["p@k(10)_own_recent"] == metrics["p@k(10)_own_items"]
