import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.evaluate import weights
from recommender.evaluate.evaluation import top_lists
from recommender.evaluate.measures import LONG
from recommender.evaluate.scorers import model_scorer
from recommender.evaluate.weights import weighted_lists
from recommender.fitting.fitted import Fitted, History

USERS, ITEMS = 40, 60
WEIGHTS = (0.0, 0.5, 3.0, 64.0)


@pytest.fixture
def history() -> History:
    draw = np.random.default_rng(2)
    counts = csr_matrix((draw.random((USERS, ITEMS)) < 0.2).astype(np.float32))
    return History(counts, draw.random(counts.nnz).astype(np.float32))


@pytest.fixture
def fitted() -> Fitted:
    draw = np.random.default_rng(3)
    return Fitted(
        draw.standard_normal((USERS, 4)).astype(np.float32),
        draw.standard_normal((ITEMS, 4)).astype(np.float32),
    )


def test_every_weight_has_the_lists_it_would_have_alone(
    history: History, fitted: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "BLOCK_CELLS", 7 * ITEMS)  # several blocks, the last a short one
    users = np.arange(1, USERS, 2, dtype=np.int32)
    found = weighted_lists(fitted, history, users, WEIGHTS)
    for weight, lists in zip(WEIGHTS, found, strict=True):
        alone = top_lists(model_scorer(fitted, history, weight), users, k=LONG)
        np.testing.assert_array_equal(lists, alone)
    assert (found[0] != found[-1]).any()


def test_without_recency_the_weight_is_nothing(history: History, fitted: Fitted) -> None:
    users = np.arange(USERS, dtype=np.int32)
    plain, weighed = weighted_lists(fitted, History(history.counts), users, (0.0, 9.0))
    np.testing.assert_array_equal(plain, weighed)
