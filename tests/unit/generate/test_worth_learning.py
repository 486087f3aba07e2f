"""Tastes can be learnt from a generated dataset: neighbours foretell new purchases better than popularity."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.typing import NDArray

from retailrec.generate import Shape, generate
from retailrec.generate.text import compute

Matrix = NDArray[np.float64]
TOP = 10


def purchases(shape: Shape, seed: int) -> tuple[Matrix, Matrix]:
    """Return users by items, 1 for what was bought: in the first 80 % of the rows, and new in the rest."""
    rows = pa.concat_tables(generate(shape, seed).values())
    rows = rows.filter(
        (pc.field("Quantity") > 0) & pc.field("Customer ID").is_valid() & (pc.field("Price") > 0)
    )
    rows = rows.sort_by("InvoiceDate").combine_chunks()
    user, item = (
        np.asarray(compute.dictionary_encode(rows[name]).combine_chunks().indices)
        for name in ("Customer ID", "StockCode")
    )
    cut = int(0.8 * len(user))
    train = np.zeros((user.max() + 1, item.max() + 1))
    test = train.copy()
    train[user[:cut], item[:cut]] = 1
    test[user[cut:], item[cut:]] = 1
    return train, test * (1 - train)


def precision(scores: Matrix, train: Matrix, test: Matrix) -> float:
    """Return the mean over users with new purchases of hits in 10 / 10."""
    users = (train.sum(axis=1) > 0) & (test.sum(axis=1) > 0)
    best = np.argsort(np.where(train > 0, -np.inf, scores), axis=1, kind="stable")[:, -TOP:]
    return float(np.take_along_axis(test, best, axis=1)[users].mean())


@pytest.mark.parametrize(("shape", "times"), [(Shape.small(), 1.25), (Shape.of_rows(60_000), 1.7)])
def test_neighbours_beat_popularity(shape: Shape, times: float) -> None:
    train, test = purchases(shape, seed=0)
    popularity = train.sum(axis=0)
    scaled = train / np.sqrt(np.maximum(popularity, 1))
    likeness = scaled.T @ scaled
    np.fill_diagonal(likeness, 0)
    neighbours = precision(train @ likeness, train, test)
    popular = precision(np.broadcast_to(popularity, train.shape), train, test)
    assert popular > 0.02
    assert neighbours > times * popular


def test_customers_buy_again_what_they_bought_before() -> None:
    rows = pa.concat_tables(generate(Shape.of_rows(60_000)).values())
    bought = rows.filter((pc.field("Quantity") > 0) & pc.field("Customer ID").is_valid())
    pairs = bought.group_by(["Customer ID", "StockCode"]).aggregate([("Invoice", "count_distinct")])
    assert compute.mean(compute.greater(pairs["Invoice_count_distinct"], 1).cast(pa.int8())).as_py() > 0.15
