import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.errors import UserError
from recommender.fitting import ease, fit
from recommender.fitting.bpr_settings import Settings
from recommender.fitting.bpr_weights import weighted_pairs
from recommender.fitting.fitted import Epoch, History
from recommender.hyperparameters import Hyperparameters
from tests.unit.algorithm.planted import sloping, tastes

ALGORITHM = Path(__file__).parents[4] / "algorithm"
SHOP = tastes(users=60, items=50, groups=2, each=6)
CHOSEN = Hyperparameters(factors=4, iterations=30)


def test_what_was_taken_lately_weighs_more() -> None:
    """All took both items, but one of them long ago: the newer one ranks higher."""
    counts = csr_matrix(np.ones((200, 2), dtype=np.float32))
    counts.resize((200, 40))
    ages = np.tile(np.array([1, 0], dtype=np.float32), 200)
    newer, older = (fit(History(counts, ages=each), CHOSEN, threads=1) for each in (ages, 1 - ages))
    for found, higher in ((newer, 1), (older, 0)):
        assert found.user_factors is not None
        assert found.item_factors is not None
        scores = (found.user_factors @ found.item_factors.T).mean(axis=0)
        assert scores[higher] > scores[1 - higher]


def test_weights_are_one_on_average_and_smaller_for_busy_users() -> None:
    counts = csr_matrix(np.array([[1, 1, 1, 1], [1, 0, 0, 0]], dtype=np.float32))
    weights = weighted_pairs(History(counts)).data
    assert weights.mean() == pytest.approx(1)
    assert weights[4] / weights[0] == pytest.approx(4**0.25)


def test_without_a_bias_popularity_is_left_to_the_factors() -> None:
    biased, plain = (
        fit(History(SHOP.counts), replace(CHOSEN, item_bias=each), threads=1) for each in (True, False)
    )
    assert biased.item_factors is not None
    assert plain.item_factors is not None
    assert biased.item_factors[:, -1].any()
    assert not plain.item_factors[:, -1].any()


def test_a_popular_negative_is_no_reason_to_rank_popular_items_high() -> None:
    """Negatives drawn by popularity push popular items down, against uniform ones."""
    shop = sloping()
    likes = np.asarray(shop.counts.sum(axis=0)).ravel()
    slopes = []
    for sampling in ("uniform", "popularity"):
        found = fit(History(shop.counts), replace(CHOSEN, negative_sampling=sampling), threads=1)
        assert found.item_factors is not None
        slopes.append(np.polyfit(likes, found.item_factors[:, -1], 1)[0])
    assert slopes[0] > slopes[1]


def test_early_stopping_ends_before_the_last_epoch() -> None:
    epochs: list[Epoch] = []
    chosen = Hyperparameters(iterations=2000, learning_rate=0.1, early_stopping=True, validation_fraction=0.1)
    fit(History(SHOP.counts), chosen, threads=1, progress=epochs.append)
    assert len(epochs) < 2000


def test_early_stopping_without_a_pair_to_spare_goes_to_the_end() -> None:
    epochs: list[Epoch] = []
    chosen = replace(CHOSEN, iterations=7, early_stopping=True)
    fit(History(csr_matrix(np.eye(4, dtype=np.float32))), chosen, threads=1, progress=epochs.append)
    assert len(epochs) == 7


def test_the_pool_grows_with_the_catalogue() -> None:
    pools = [Settings.of(Hyperparameters(), items).pool for items in (1, 200, 4_400, 100_000)]
    assert pools == [1, 4, 17, 32]
    assert Settings.of(Hyperparameters(negative_pool=5), 4_400).pool == 5


def test_the_rate_falls_over_the_second_half_unless_set_otherwise() -> None:
    falling = Settings.of(Hyperparameters(iterations=100, learning_rate=1), 10)
    constant = Settings.of(Hyperparameters(iterations=100, learning_rate=1, learning_rate_decay=False), 10)
    assert [falling.rate(epoch) for epoch in (0, 50, 75)] == pytest.approx([1, 1, 0.55])
    assert constant.rate(99) == 1


@pytest.mark.slow  # compiles
def test_where_nothing_can_be_written_the_fit_is_compiled_in_every_process(tmp_path: Path) -> None:
    """numba refuses to cache where no folder can be written to; the program must still come up."""
    program = (
        "import numba.core.caching as c\n"
        "def no(self): raise OSError('read-only')\n"
        "c._CacheLocator.ensure_cache_path = no\n"
        "from recommender.fitting.randomness import below, seeded\n"
        "print(below(seeded(1), 1))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={"PYTHONPATH": str(ALGORITHM), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "0\n", done.stderr


def test_ease_refuses_more_items_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "MAX_ITEMS", 49)
    with pytest.raises(UserError, match=r"50 are more than 49.*algorithm=bpr"):
        fit(History(SHOP.counts), Hyperparameters(algorithm="ease"), threads=1)


def test_ease_keeps_the_largest_weights_of_each_item() -> None:
    chosen = Hyperparameters(algorithm="ease", top_k=3)
    pruned = fit(History(SHOP.counts), chosen, threads=1).item_weights
    whole = fit(History(SHOP.counts), Hyperparameters(algorithm="ease"), threads=1).item_weights
    assert pruned is not None
    assert whole is not None
    dense = whole.toarray()
    assert (np.diff(pruned.tocsc().indptr) == 3).all()
    for item in range(50):
        largest = np.sort(np.abs(dense[:, item]))[-3:]
        assert np.allclose(np.sort(np.abs(pruned[:, [item]].data)), largest)
    assert not dense.diagonal().any()
