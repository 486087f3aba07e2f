"""Nothing that was held out may be known to what is evaluated, nor to anything that was chosen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from recommender import fitting
from recommender.data.interactions import HeldOut
from recommender.evaluate import evaluation
from recommender.evaluate.evaluation import Evaluated
from recommender.fitting.fitted import Fitted, History
from recommender.folders import Folders
from recommender.hyperparameters import Hyperparameters
from recommender.model.model import load_model
from recommender.train import final_fit, stages
from recommender.train.program import train

HEADER = "user_id,item_id,timestamp"
FUTURE = "future-item"
NEWCOMER = "newcomer"


@dataclass
class Seen:
    """What went into each fit, by its algorithm, in order, and into the evaluation."""

    fits: list[tuple[str, History]] = field(default_factory=list)
    evaluated: list[Evaluated] = field(default_factory=list)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    found, real_fit, real_evaluate = Seen(), fitting.fit, evaluation.evaluate

    def fit(interactions: History, chosen: Hyperparameters, **options: object) -> Fitted:
        found.fits.append((chosen.algorithm, interactions))
        return real_fit(interactions, chosen, **options)  # type: ignore[arg-type]

    def evaluate(model: Evaluated, held_out: HeldOut | None) -> object:
        found.evaluated.append(model)
        return real_evaluate(model, held_out)

    monkeypatch.setattr(stages, "fit", fit)
    monkeypatch.setattr(final_fit, "evaluate", evaluate)
    return found


@pytest.fixture
def channels(write_channel: Callable[..., Path]) -> Callable[[bool], None]:
    """Write a shop's log, with or without held-out rows of an item that everyone buys and of a newcomer."""

    def write(planted: bool) -> None:
        draw = np.random.default_rng(3)
        rows = [
            f"u{draw.integers(20):02d},i{draw.integers(15):02d},2011-03-{1 + row // 20:02d}"
            for row in range(400)
        ]
        write_channel("training", [HEADER, *rows])
        later = [f"u{user:02d},{FUTURE},2011-04-01" for user in range(20) for _ in range(5)]
        later += [f"{NEWCOMER},i00,2011-04-02"] * 50
        write_channel("testing", [HEADER, "u00,i01,2011-04-01", *(later if planted else [])])

    return write


@pytest.mark.parametrize("algorithm", ["auto", "bpr"])
def test_a_planted_future_is_known_to_the_last_fit_alone(
    folders: Folders,
    channels: Callable[[bool], None],
    write_hyperparameters: Callable[..., None],
    seen: Seen,
    algorithm: str,
) -> None:
    write_hyperparameters(algorithm=algorithm, factors="4", iterations="3")
    channels(True)
    metrics = train(folders)
    *before, (_, refitted) = seen.fits
    assert len(before) >= 2
    for _, history in before:
        assert history.counts.shape[0] <= 20
        assert history.counts.shape[1] <= 15
    assert seen.evaluated[0].history.counts.shape == (20, 15)
    # All twenty bought it, and nobody could have known: no list of any kind has a hit but u00's.
    ways = ["", "_popularity", "_own_items", "_own_recent", "_new_items", "_popularity_new_items"]
    assert all(metrics[f"p@k(10){way}"] <= 0.1 / 20 + 1e-9 for way in ways)
    assert metrics["users_unknown"] == 1
    # The model that ships knows: it learned from all rows.
    assert refitted.counts.shape == (21, 16)
    assert FUTURE in list(load_model(folders.model).item_ids)


def test_what_is_held_out_changes_no_choice_and_no_evaluated_fit(
    folders: Folders,
    channels: Callable[[bool], None],
    write_hyperparameters: Callable[..., None],
    seen: Seen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SM_NUM_CPUS", "1")
    write_hyperparameters(algorithm="auto", factors="4", iterations="3")
    channels(True)
    planted = train(folders)
    channels(False)
    plain = train(folders)
    left_out = ("seconds",)
    tables = [
        [
            {name: value for name, value in row.items() if name not in left_out}
            for row in metrics["candidates"]
        ]
        for metrics in (planted, plain)
    ]
    assert tables[0] == tables[1]
    assert (planted["algorithm"], planted["recency"]) == (plain["algorithm"], plain["recency"])
    first, second = seen.evaluated
    assert first.recency_weight == second.recency_weight
    for name in ("user_factors", "item_factors"):
        one, other = getattr(first.fitted, name), getattr(second.fitted, name)
        assert (one is None and other is None) or np.array_equal(one, other)
    assert planted["p@k(10)_in_sample"] == plain["p@k(10)_in_sample"]


def test_held_out_times_do_not_age_what_training_knows(
    folders: Folders, channels: Callable[[bool], None], seen: Seen, write_channel: Callable[..., Path]
) -> None:
    channels(False)
    train(folders)
    write_channel("testing", [HEADER, "u00,i01,2031-04-01"])
    train(folders)
    first, second = (each.history.recency for each in seen.evaluated)
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)
