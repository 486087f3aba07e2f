from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommender.data.channels import read_channel
from recommender.data.interactions import Interactions, select
from recommender.evaluate.scorers import model_scorer, own_recent_scorer
from recommender.fitting.fitted import Fitted, History
from recommender.fitting.histories import build_history

HEADER = "user_id,item_id,timestamp"
DAY = "2011-03-0"


@pytest.fixture
def read(write_channel: Callable[..., Path]) -> Callable[..., Interactions]:
    def write(*lines: str, header: str = HEADER) -> Interactions:
        return read_channel(write_channel("training", [header, *lines]).parent)

    return write


def recency_of(history: History, user: int) -> dict[int, float]:
    counts = history.counts
    span = slice(counts.indptr[user], counts.indptr[user + 1])
    assert history.recency is not None
    return dict(zip(counts.indices[span].tolist(), history.recency[span].tolist(), strict=True))


def test_the_newest_purchase_is_strongest(read: Callable[..., Interactions]) -> None:
    rows = read(f"u,a,{DAY}1", f"u,b,{DAY}9", f"u,c,{DAY}5", f"v,a,{DAY}1")
    found = recency_of(build_history(rows), 0)
    assert found[1] == 1
    assert 0 < found[0] < found[2] < 1
    assert recency_of(build_history(rows), 1) == {0: 1}


def test_repeats_add_up(read: Callable[..., Interactions]) -> None:
    rows = read(f"u,a,{DAY}1", f"u,b,{DAY}2", f"u,b,{DAY}2", f"u,b,{DAY}2", f"v,a,{DAY}9")
    found = recency_of(build_history(rows), 0)
    assert found[1] == 1
    assert found[0] < 1 / np.sqrt(3)


def test_without_times_frequency_decides(read: Callable[..., Interactions]) -> None:
    rows = read("u,a", "u,b", "u,b", "u,b", "u,b", header="user_id,item_id")
    assert recency_of(build_history(rows), 0) == {0: 0.5, 1: 1}


def test_a_row_without_a_time_is_the_oldest(read: Callable[..., Interactions]) -> None:
    found = recency_of(build_history(read(f"u,a,{DAY}1", "u,b,", f"u,c,{DAY}7")), 0)
    assert found[1] == found[0] < found[2]


def test_one_time_for_all_is_no_time(read: Callable[..., Interactions]) -> None:
    found = recency_of(build_history(read(f"u,a,{DAY}1", f"u,b,{DAY}1")), 0)
    assert found == {0: 1, 1: 1}


def test_the_term_lifts_what_was_taken_by_its_weight(read: Callable[..., Interactions]) -> None:
    history = build_history(read(f"u,a,{DAY}1", f"u,b,{DAY}9", f"v,c,{DAY}9"))
    fitted = Fitted(np.ones((2, 1), dtype=np.float32), np.array([[3], [1], [2]], dtype=np.float32))
    users = np.array([1, 0], dtype=np.int32)
    plain = model_scorer(fitted, history)(users)
    lifted = model_scorer(fitted, history, 10.0)(users)
    assert plain.tolist() == [[3, 1, 2], [3, 1, 2]]
    assert lifted[0].tolist() == [3, 1, 12]
    assert lifted[1, 1] == 11
    assert 3 < lifted[1, 0] < 13


def test_own_recent_items_come_first_then_popular_ones(read: Callable[..., Interactions]) -> None:
    history = build_history(read(f"u,a,{DAY}1", f"u,b,{DAY}9", f"v,c,{DAY}2", f"w,c,{DAY}2", f"w,d,{DAY}3"))
    scores = own_recent_scorer(history)(np.array([0], dtype=np.int32))[0]
    assert np.argsort(-scores).tolist() == [1, 0, 2, 3]


def test_ages_run_from_the_newest_row_to_the_oldest(read: Callable[..., Interactions]) -> None:
    rows = read(f"u,b,{DAY}5", f"u,a,{DAY}1", f"u,a,{DAY}9", f"v,a,{DAY}1", "v,c,", f"v,b,{DAY}3")
    ages = build_history(rows).ages
    assert ages is not None
    # u: a, b; v: a, b, and c without a time.
    assert ages.tolist() == [0, 0.5, 1, 0.75, 1]


def test_without_times_there_are_no_ages(read: Callable[..., Interactions]) -> None:
    assert build_history(read("u,a", header="user_id,item_id")).ages is None
    assert build_history(read(f"u,a,{DAY}1", f"u,b,{DAY}1")).ages.tolist() == [0, 0]  # type: ignore[union-attr]


def test_what_is_left_without_a_time_has_none() -> None:
    # As where old files have no time column and new ones have.
    codes = np.array([0, 1, 1], dtype=np.int32)
    mixed = Interactions(["u", "v"], ["a", "b"], codes, codes, np.array([np.nan, np.nan, 9.0]))
    older = select(mixed, np.array([True, True, False]))
    assert older.times is None
    strength = build_history(older).recency
    assert strength is not None
    assert np.isfinite(strength).all()
