import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.bpr import fit_bpr
from recommender.errors import UserError
from recommender.hyperparameters import Hyperparameters

SIDE = 40
CHOSEN = Hyperparameters(factors=8, iterations=400, learning_rate=0.1, regularization=0.01, seed=3)


@pytest.fixture(scope="module")
def checkerboard() -> csr_matrix:
    """Users take every item of their own parity but one: the item with their own number."""
    users, items = np.indices((SIDE, SIDE))
    return csr_matrix(((users % 2 == items % 2) & (users != items)).astype(np.float32))


def test_the_one_missing_item_of_a_checkerboard_is_found(checkerboard: csr_matrix) -> None:
    users, items = fit_bpr(checkerboard, CHOSEN, threads=1)
    scores = users @ items.T
    scores[checkerboard.nonzero()] = -np.inf
    assert (scores.argmax(axis=1) == np.arange(SIDE)).all()


def test_factors_end_with_the_items_bias(checkerboard: csr_matrix) -> None:
    users, items = fit_bpr(checkerboard, Hyperparameters(factors=3, iterations=1), threads=1)
    assert users.shape == items.shape == (SIDE, 4)
    assert users.dtype == items.dtype == np.float32
    assert (users[:, -1] == 1).all()


def test_one_thread_and_one_seed_give_one_result(checkerboard: csr_matrix) -> None:
    chosen = Hyperparameters(factors=4, iterations=3, seed=5)
    first, second = (fit_bpr(checkerboard, chosen, threads=1)[1] for _ in range(2))
    other = fit_bpr(checkerboard, Hyperparameters(factors=4, iterations=3, seed=6), threads=1)[1]
    assert (first == second).all()
    assert (first != other).any()


def test_divergence_is_told_as_advice(checkerboard: csr_matrix) -> None:
    with pytest.raises(UserError, match=r"Training diverged.*learning_rate"):
        fit_bpr(
            checkerboard,
            Hyperparameters(factors=4, iterations=200, learning_rate=10, regularization=10),
            threads=1,
        )


def test_progress_is_logged_ten_times(checkerboard: csr_matrix, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    fit_bpr(checkerboard, Hyperparameters(factors=2, iterations=100), threads=1)
    epochs = [message.split()[1] for message in caplog.messages if message.startswith("epoch ")]
    assert epochs == [f"{epoch}/100" for epoch in range(10, 101, 10)]


def test_a_wish_for_a_gpu_is_answered_by_a_warning(
    checkerboard: csr_matrix, caplog: pytest.LogCaptureFixture
) -> None:
    fit_bpr(checkerboard, Hyperparameters(factors=2, iterations=1, use_gpu=True), threads=1)
    assert "computes on the CPU" in caplog.text


def test_a_shop_with_one_customer_and_one_item_can_be_fitted() -> None:
    users, items = fit_bpr(csr_matrix(np.ones((1, 1), dtype=np.float32)), CHOSEN, threads=2)
    assert np.isfinite(users @ items.T).all()
