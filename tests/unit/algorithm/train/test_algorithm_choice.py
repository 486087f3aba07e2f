import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.data.interactions import Interactions, select
from recommender.errors import UserError
from recommender.evaluate.evaluation import top_lists
from recommender.evaluate.measures import hits
from recommender.evaluate.scorers import model_scorer
from recommender.evaluate.validation import Judgement, Validation
from recommender.fitting import fit
from recommender.fitting.fitted import Epoch, Fitted, History
from recommender.fitting.histories import build_history
from recommender.hyperparameters import Hyperparameters
from recommender.train import algorithm_choice, stages
from recommender.train.algorithm_choice import CANDIDATES, best_of, choose, choose_within
from recommender.train.checkpoints import Checkpoints
from recommender.train.planning import plan
from recommender.train.stages import Stages

AUTO = Hyperparameters(algorithm="auto", factors=8)
SIDE = 30


@pytest.fixture
def shop() -> Interactions:
    """Two groups of customers, each with items of its own; every one buys most of them, the newest last."""
    draw = np.random.default_rng(1)
    users, items = np.indices((SIDE, SIDE))
    pairs = np.argwhere((users % 2 == items % 2) & (draw.random((SIDE, SIDE)) < 0.9))
    pairs = pairs[draw.permutation(len(pairs))]
    names = [f"{number:02d}" for number in range(SIDE)]
    codes = pairs.astype(np.int32)
    return Interactions(
        names, names, codes[:, 0].copy(), codes[:, 1].copy(), np.arange(len(pairs), dtype=np.float64) * 3600
    )


def judgement(new: float, both: float) -> Judgement:
    return Judgement(new, 0.01, both, 0.02, 0.0)


def test_the_best_on_both_wins() -> None:
    assert best_of({"a": judgement(0.1, 0.3), "b": judgement(0.2, 0.4), "c": judgement(0.05, 0.39)}) == "b"


def test_otherwise_the_one_that_falls_least_short() -> None:
    # a is best of new items, c of all; b is within half an error of either.
    judged = {"a": judgement(0.2, 0.3), "b": judgement(0.195, 0.39), "c": judgement(0.1, 0.4)}
    assert best_of(judged) == "b"


def test_candidates_are_compared_in_a_table(shop: Interactions) -> None:
    choice = choose(shop, AUTO, threads=1)
    assert choice.chosen.algorithm in CANDIDATES
    assert choice.chosen.algorithm != "popularity"  # which cannot distinguish the groups
    table = choice.table()
    assert [row["algorithm"] for row in table] == list(CANDIDATES)
    assert sum(row["chosen"] for row in table) == 1
    popularity = table[0]["ndcg@20_new_items"]
    assert max(row["ndcg@20_new_items"] for row in table[1:]) > popularity


def test_a_candidate_that_cannot_be_fitted_is_left_out(
    shop: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits(monkeypatch, failing="ease")
    choice = choose(shop, AUTO, threads=1)
    left_out = next(row for row in choice.table() if row["algorithm"] == "ease")
    assert left_out["left_out"] == "too many items"
    assert choice.chosen.algorithm != "ease"


def test_what_the_budget_does_not_allow_is_left_out(
    shop: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits(monkeypatch, seconds=0.05)
    choice = choose(shop, Hyperparameters(algorithm="auto", time_budget_seconds=0.01), threads=1)
    table = choice.table()
    assert [row["algorithm"] for row in table if "left_out" in row] == ["ease", "als", "bpr"]
    assert "time budget" in table[-1]["left_out"]
    assert choice.chosen.algorithm == "popularity"


class Clock:
    """A clock that only moves when a fit takes time."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(("first", "others", "fits"), [(7.0, 1.0, True), (7.0, 7.0, False)])
def test_what_the_first_epoch_takes_to_compile_does_not_count_for_the_others(
    monkeypatch: pytest.MonkeyPatch, first: float, others: float, fits: bool
) -> None:
    clock = Clock()
    monkeypatch.setattr(algorithm_choice, "time", clock)
    check = algorithm_choice._Budget(600.0).watch()
    factors = np.ones((1, 1), dtype=np.float32)

    def fit() -> None:
        for number in range(1, 101):
            clock.now += first if number == 1 else others
            check(Epoch(number, 100, clock.now, factors, factors))

    if fits:
        fit()
        assert clock.now == first + 99 * others
    else:
        with pytest.raises(algorithm_choice.OutOfTimeError, match="600 seconds"):
            fit()
        assert clock.now < 30  # after few epochs


def test_a_resumed_comparison_fits_nothing_twice(
    shop: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = fits(monkeypatch)

    def once() -> algorithm_choice.Choice:
        return choose_within(Stages(1, Checkpoints(tmp_path, "f")), Validation.of(shop), AUTO)

    first = once()
    assert fitted == list(CANDIDATES)
    assert once() == first
    assert fitted == list(CANDIDATES)


def test_the_slice_is_the_newest_fifth(shop: Interactions) -> None:
    found = Validation.of(shop)
    assert found is not None
    assert found.training.times is not None
    assert shop.times is not None
    assert len(found.training) == len(shop) - len(shop) // 5
    assert found.training.times.max() < np.sort(shop.times)[-(len(shop) // 5)]


def test_without_times_the_slice_is_drawn(shop: Interactions) -> None:
    timeless = Interactions(shop.user_ids, shop.item_ids, shop.user_codes, shop.item_codes)
    found = Validation.of(timeless)
    assert found is not None
    assert 0.7 < len(found.training) / len(shop) < 0.9


def test_strangers_alone_cannot_be_chosen_by(shop: Interactions, caplog: pytest.LogCaptureFixture) -> None:
    one_each = select(shop, np.isin(np.arange(len(shop)), np.unique(shop.user_codes, return_index=True)[1]))
    assert Validation.of(one_each) is None
    assert choose(one_each, AUTO, threads=1).chosen.algorithm == "bpr"
    assert "falls back to bpr" in caplog.text


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Hyperparameters(algorithm="popularity", recency="off"), 0.0),
        (Hyperparameters(algorithm="popularity", recency=2.5), 2.5),
        (Hyperparameters(algorithm="popularity", marketplace_twin=True), 0.0),
    ],
)
def test_a_recency_weight_that_is_given_needs_no_validation(
    shop: Interactions, monkeypatch: pytest.MonkeyPatch, chosen: Hyperparameters, expected: float
) -> None:
    fitted = fits(monkeypatch)
    decided = plan(shop, chosen, Stages(1))
    assert fitted == []
    history = build_history(shop)
    popularity = np.ones((SIDE, 1), dtype=np.float32)
    assert decided.recency_weight(Fitted(popularity, popularity), history) == expected


def test_customers_who_buy_again_get_a_recency_term(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(2)
    favourites = np.array([draw.choice(40, 3, replace=False) for _ in range(30)])
    users = np.repeat(np.arange(30), 30)
    order = draw.permutation(len(users))
    items = favourites[users, draw.integers(3, size=len(users))]
    names = [f"{number:02d}" for number in range(40)]
    rebuying = Interactions(
        names[:30],
        names,
        users[order].astype(np.int32),
        items[order].astype(np.int32),
        np.arange(len(users), dtype=np.float64) * 60,
    )
    assert plan(rebuying, Hyperparameters(algorithm="popularity"), Stages(1)).recency > 0


@pytest.mark.parametrize("algorithm", ["popularity", "bpr", "ease"])
def test_what_nobody_takes_twice_is_not_listed_again(shop: Interactions, algorithm: str) -> None:
    some = select(shop, np.random.default_rng(4).random(len(shop)) < 0.6)
    decided = plan(some, Hyperparameters(algorithm=algorithm, factors=8), Stages(1))
    history = build_history(some)
    fitted = fit(history, decided.chosen, threads=1)
    score = model_scorer(fitted, history, decided.recency_weight(fitted, history))
    lists = top_lists(score, np.arange(len(some.user_ids), dtype=np.int32), k=3)
    assert hits(lists, history.counts).mean() < 0.02


def test_without_evidence_there_is_no_recency_term(shop: Interactions) -> None:
    # What comes newest are items that nothing before knew: every weight finds as little.
    newest = np.arange(len(shop)) >= len(shop) - int(0.2 * len(shop))
    items = np.where(newest, shop.item_codes + SIDE, shop.item_codes).astype(np.int32)
    strange = replace(shop, item_ids=[f"{number:02d}" for number in range(2 * SIDE)], item_codes=items)
    assert plan(strange, Hyperparameters(algorithm="popularity"), Stages(1)).recency == 0


@pytest.mark.parametrize("apart", [0, 1])
def test_without_usable_times_the_slice_is_random(shop: Interactions, apart: int) -> None:
    # All rows at one time; or no customer ever comes back.
    timed = replace(shop, times=shop.user_codes.astype(np.float64) * apart)
    untimed = replace(shop, times=None)
    assert choose(timed, AUTO, threads=1).table()[0] | {"seconds": 0} == (
        choose(untimed, AUTO, threads=1).table()[0] | {"seconds": 0}
    )


def test_a_day_that_holds_most_rows_is_not_cut_off_whole(shop: Interactions) -> None:
    days = np.repeat([0.0, 1.0, 2.0], [len(shop) // 10, len(shop) - 2 * (len(shop) // 10), len(shop) // 10])
    slice_ = Validation.of(replace(shop, times=days))
    assert slice_ is not None
    assert len(slice_.training) > 0.8 * len(shop)


@pytest.mark.parametrize(
    ("chosen", "timed", "passes"),
    [
        (Hyperparameters(), True, None),
        (Hyperparameters(), False, None),
        (Hyperparameters(iterations=7), True, 7),
        (Hyperparameters(algorithm="als"), True, None),
    ],
)
def test_the_weight_is_found_by_as_long_a_fit_as_the_one_it_is_for(
    shop: Interactions,
    monkeypatch: pytest.MonkeyPatch,
    chosen: Hyperparameters,
    timed: bool,
    passes: int | None,
) -> None:
    seen: list[Hyperparameters] = []
    fits(monkeypatch, seen=seen)
    decided = plan(shop if timed else replace(shop, times=None), chosen, Stages(1))
    assert [each.iterations for each in seen] == [passes]
    assert decided.chosen == chosen  # what is evaluated and shipped is the whole fit


def fits(
    monkeypatch: pytest.MonkeyPatch,
    *,
    seconds: float = 0.0,
    failing: str = "",
    seen: list[Hyperparameters] | None = None,
) -> list[str]:
    """Let every fit be one of popularity, of two epochs that take ``seconds``; returns what was fitted."""
    fitted: list[str] = []

    def fit(
        interactions: History, chosen: Hyperparameters, *, progress: Callable[[Epoch], None], **_: object
    ) -> Fitted:
        if chosen.algorithm == failing:
            raise UserError("too many items")
        fitted.append(chosen.algorithm)
        if seen is not None:
            seen.append(chosen)
        users, items = interactions.counts.shape
        found = Fitted(
            np.ones((users, 1), dtype=np.float32),
            np.bincount(interactions.counts.indices, minlength=items).astype(np.float32)[:, None],
        )
        if chosen.algorithm != "popularity":
            time.sleep(seconds)
            assert found.user_factors is not None
            assert found.item_factors is not None
            progress(Epoch(1, 2, seconds, found.user_factors, found.item_factors))
        return found

    monkeypatch.setattr(stages, "fit", fit)
    return fitted
