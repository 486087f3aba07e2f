"""What every algorithm must find, and a broken one cannot."""

import numpy as np
import pytest

from recommender.fitting import ALGORITHMS, fit
from recommender.fitting.fitted import Fitted, History
from recommender.hyperparameters import Hyperparameters
from tests.unit.algorithm.planted import Scores, Shop, checkerboard, sloping, tastes

LEARNERS = sorted(set(ALGORITHMS) - {"popularity"})
SHOPS = {
    "checkerboard": checkerboard(),
    "two hundred customers": tastes(users=200, items=90, groups=3, each=9),
    "fifty customers": tastes(users=50, items=40, groups=2, each=8),
    "more items than customers": tastes(users=150, items=900, groups=3, each=30),
    "few items": tastes(users=600, items=20, groups=2, each=5),
}
# What the library needs to learn shops this small; ours finds its own way.
CHOSEN = {"implicit-bpr": {"factors": 16, "iterations": 300, "learning_rate": 0.05}}


def fitted(algorithm: str, shop: Shop) -> Fitted:
    chosen = Hyperparameters(algorithm=algorithm, **CHOSEN.get(algorithm, {}))  # type: ignore[arg-type]
    return fit(History(shop.counts), chosen, threads=1)


def scores_of(found: Fitted, shop: Shop) -> Scores:
    if found.item_weights is not None:
        taken = (shop.counts > 0).astype(np.float32)
        return np.asarray((taken @ found.item_weights).toarray())
    assert found.user_factors is not None
    assert found.item_factors is not None
    return np.asarray(found.user_factors @ found.item_factors.T)


@pytest.fixture(scope="module", params=[(a, s) for a in LEARNERS for s in SHOPS], ids="-".join)
def solved(request: pytest.FixtureRequest) -> tuple[Fitted, Shop]:
    algorithm, name = request.param
    return fitted(algorithm, SHOPS[name]), SHOPS[name]


def test_the_planted_item_is_found(solved: tuple[Fitted, Shop]) -> None:
    found, shop = solved
    assert shop.auc(scores_of(found, shop)) > 0.9


def test_broken_scores_do_not_find_it(solved: tuple[Fitted, Shop]) -> None:
    found, shop = solved
    scores = scores_of(found, shop)
    shuffled = scores[:, np.random.default_rng(1).permutation(scores.shape[1])]
    assert shop.auc(-scores) < 0.1
    assert 0.2 < shop.auc(shuffled) < 0.8


@pytest.mark.parametrize("algorithm", ["bpr", "popularity"])
def test_where_there_is_no_taste_what_most_like_is_found(algorithm: str) -> None:
    shop = sloping()
    right = shop.auc(np.tile(np.asarray(shop.counts.sum(axis=0)), (400, 1)))
    assert shop.auc(scores_of(fitted(algorithm, shop), shop)) > right - 0.06


@pytest.mark.parametrize("algorithm", LEARNERS)
def test_a_basket_is_shown_what_its_customer_is(algorithm: str) -> None:
    """The basket of a customer who was trained on, as one that nobody knows."""
    shop = SHOPS["two hundred customers"]
    found = fitted(algorithm, shop)
    taken = (shop.counts > 0).astype(np.float32)
    if found.item_weights is not None:
        folded = np.asarray((taken @ found.item_weights).toarray())
    else:
        assert found.fold_in is not None
        assert found.item_factors is not None
        baskets = (taken @ found.item_factors) / np.sqrt(np.diff(taken.indptr))[:, None]
        folded = baskets @ found.fold_in @ found.item_factors.T
    assert shop.auc(folded) > 0.9
    agreement = [np.corrcoef(a, b)[0, 1] for a, b in zip(folded, scores_of(found, shop), strict=True)]
    assert np.median(agreement) > 0.8
