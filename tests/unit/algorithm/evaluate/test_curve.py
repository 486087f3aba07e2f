"""A small shop's fit is over at once; its curve is there all the same."""

from types import SimpleNamespace

import numpy as np
import pytest

from recommender.data.interactions import Interactions, count_matrix
from recommender.evaluate import curve
from recommender.evaluate.curve import Curve
from recommender.fitting.fitted import Epoch, History


def test_every_epoch_of_a_fit_that_takes_no_time_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve, "time", SimpleNamespace(monotonic=lambda: 0.0))
    codes = np.array([0, 1, 2], dtype=np.int32)
    counts = count_matrix(Interactions(["a", "b", "c"], ["x", "y", "z"], codes, codes))
    measured = Curve(History(counts, np.ones(3, dtype=np.float32)), None)
    factors = np.eye(3, dtype=np.float32)
    for number in range(1, 6):
        measured(Epoch(number, 5, 0.0, factors, factors))
    assert [point["epoch"] for point in measured.points] == [1, 2, 3, 4, 5]
    assert measured.points[-1]["train_auc"] > 0.5
