"""What holds for every algorithm's fit, whatever it finds."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.errors import UserError
from recommender.fitting import ALGORITHMS, fit
from recommender.fitting.fitted import Checkpoint, Epoch, Factors, Fitted, History
from recommender.hyperparameters import Hyperparameters
from tests.unit.algorithm.planted import tastes

SHOP = History(tastes(users=60, items=50, groups=2, each=6).counts)
ITERATIVE = ["als", "bpr", "implicit-bpr"]
ODD = {
    "one customer, one item": np.ones((1, 1)),
    "one customer": np.array([[1, 0, 2, 1]]),
    "one item": np.ones((5, 1)),
    "everybody has everything": np.ones((4, 6)),
    "a customer has everything": np.vstack([np.ones((1, 7)), np.eye(7)]),
    "an item that nobody took": np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0]]),
    "a customer who took nothing": np.array([[1, 1], [0, 0], [0, 1]]),
}


def fitted(algorithm: str, history: History = SHOP, threads: int = 1, **chosen: Any) -> Fitted:
    return fit(history, Hyperparameters(algorithm=algorithm, **chosen), threads=threads)


def arrays(found: Fitted) -> list[Factors]:
    if found.item_weights is not None:
        return [found.item_weights.toarray()]
    factors = (found.user_factors, found.item_factors, found.fold_in)
    return [each for each in factors if each is not None]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("shape", ODD)
def test_odd_shops_can_be_fitted(algorithm: str, shape: str) -> None:
    history = History(csr_matrix(ODD[shape].astype(np.float32)))
    found = fitted(algorithm, history, threads=2, iterations=10)
    assert all(np.isfinite(each).all() for each in arrays(found))
    if found.item_weights is None:
        assert found.user_factors is not None
        assert found.item_factors is not None
        assert (len(found.user_factors), len(found.item_factors)) == ODD[shape].shape
    else:
        assert found.item_weights.shape == (ODD[shape].shape[1],) * 2


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_left_is_float32_and_either_factors_or_weights(algorithm: str) -> None:
    found = fitted(algorithm)
    assert (found.item_weights is None) == (len(arrays(found)) == 3)
    assert all(each.dtype == np.float32 for each in arrays(found))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_thread_and_one_seed_give_one_result(algorithm: str) -> None:
    first, second = (arrays(fitted(algorithm, seed=3)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("algorithm", ITERATIVE)
def test_another_seed_gives_another_result(algorithm: str) -> None:
    first, second = (arrays(fitted(algorithm, seed=seed)) for seed in (3, 4))
    assert (first[1] != second[1]).any()


@pytest.mark.parametrize("algorithm", ITERATIVE)
def test_progress_hears_of_every_epoch_and_may_stop_the_fit(algorithm: str) -> None:
    heard: list[tuple[int, int]] = []

    def hear(epoch: Epoch) -> None:
        heard.append((epoch.number, epoch.of))
        assert epoch.user_factors.shape[1] == epoch.item_factors.shape[1]
        if epoch.number == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(SHOP, Hyperparameters(algorithm=algorithm, iterations=6), threads=2, progress=hear)
    assert heard == [(1, 6), (2, 6), (3, 6), (4, 6)]


@pytest.mark.parametrize("algorithm", ["als", "bpr"])
def test_an_interrupted_fit_ends_where_it_would_have(algorithm: str) -> None:
    chosen = Hyperparameters(algorithm=algorithm, iterations=6)
    kept: list[Checkpoint] = []

    def keep(epoch: Epoch) -> None:
        if epoch.number == 3:
            kept.append(Checkpoint(3, epoch.user_factors.copy(), epoch.item_factors.copy()))

    whole = arrays(fit(SHOP, chosen, threads=1, progress=keep))
    resumed = arrays(fit(SHOP, chosen, threads=1, start=kept[0]))
    assert np.allclose(whole[0] @ whole[1].T, resumed[0] @ resumed[1].T, atol=1e-3)


def test_the_reference_goes_on_for_the_epochs_that_are_left() -> None:
    chosen = Hyperparameters(algorithm="implicit-bpr", iterations=6, factors=4)
    seen: list[Epoch] = []
    fit(SHOP, chosen, threads=1, progress=seen.append)
    start = Checkpoint(4, seen[3].user_factors, seen[3].item_factors)
    numbers: list[int] = []
    fit(SHOP, chosen, threads=1, start=start, progress=lambda epoch: numbers.append(epoch.number))
    assert numbers == [5, 6]


@pytest.mark.parametrize("algorithm", ["bpr", "implicit-bpr"])
def test_divergence_is_reported_with_advice(algorithm: str) -> None:
    with pytest.raises(UserError, match=r"Training diverged.*learning_rate"):
        fitted(algorithm, iterations=200, learning_rate=10, regularization=10)


@pytest.mark.parametrize("rate", [0.05, 0.3])
@pytest.mark.parametrize("regularization", [0.0, 0.3])
def test_sane_rates_do_not_diverge(rate: float, regularization: float) -> None:
    history = History(csr_matrix(np.triu(np.ones((150, 300), dtype=np.float32))))
    found = fitted("bpr", history, 2, learning_rate=rate, regularization=regularization, iterations=20)
    assert all(np.isfinite(each).all() for each in arrays(found))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_use_gpu_logs_a_warning(algorithm: str, caplog: pytest.LogCaptureFixture) -> None:
    fitted(algorithm, use_gpu=True)
    assert "training uses the CPU" in caplog.text


def test_an_unknown_algorithm_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="no algorithm auto"):
        fitted("auto")
