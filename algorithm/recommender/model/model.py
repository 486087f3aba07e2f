"""The trained model: numpy arrays and JSON in a folder, memory-mapped when read back, never pickled."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recommender.data.ids import SortedIds
from recommender.model import artifact
from recommender.model.artifact import ModelError
from recommender.model.artifact_checks import PARTS

if TYPE_CHECKING:  # both import scipy, which serving does not need
    from recommender.data.interactions import Interactions
    from recommender.fitting.fitted import Fitted, History

Factors = npt.NDArray[np.float32]

__all__ = ["Model", "ModelError", "Rows", "build_model", "load_model", "save_model"]


@dataclass(frozen=True)
class Rows:
    """A sparse matrix by rows: row r holds ``values[indptr[r]:indptr[r + 1]]`` at those ``indices``."""

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]

    def span(self, row: int) -> slice:
        """Return the slice of a row's entries."""
        start, end = self.indptr[row : row + 2].tolist()
        return slice(start, end)


@dataclass(frozen=True)
class Model:
    """The factors or weights that score items, the ids, and what each user took.

    Either ``user_factors`` (users, k) and ``item_factors`` (items, k), whose dot product is the score, with
    ``fold_in`` (k, k) from a basket to a user; or ``item_weights`` (items, items). ``purchased`` (users,
    items) counts purchases; ``recency`` is aligned with its entries. ``item_popularity`` and ``item_norms``
    are (items,): distinct buyers, and the length of an item's factors without its bias.
    """

    user_ids: SortedIds
    item_ids: SortedIds
    purchased: Rows
    item_popularity: npt.NDArray[np.int32]
    user_factors: Factors | None = None
    item_factors: Factors | None = None
    item_norms: Factors | None = None
    fold_in: Factors | None = None
    item_weights: Rows | None = None
    recency: npt.NDArray[np.float32] | None = None
    recency_weight: float = 0.0
    has_item_bias: bool = False


def build_model(
    training: "Interactions", history: "History", fitted: "Fitted", recency_weight: float
) -> Model:
    """Build the model from a fit; ``recency_weight`` is in units of the score."""
    counts = history.counts
    users, items = fitted.user_factors, fitted.item_factors
    biased = users is not None and users.shape[1] > 1 and bool((users[:, -1] == 1).all())
    weights = fitted.item_weights
    return Model(
        SortedIds.of(training.user_ids),
        SortedIds.of(training.item_ids),
        _rows(counts),
        np.bincount(counts.indices, minlength=counts.shape[1]).astype(np.int32),
        user_factors=_floats(users),
        item_factors=_floats(items),
        item_norms=None if items is None else _floats(np.linalg.norm(_directions(items, biased), axis=1)),
        fold_in=_floats(fitted.fold_in),
        item_weights=None if weights is None else _rows(weights),
        recency=_floats(history.recency),
        recency_weight=float(recency_weight),
        has_item_bias=biased,
    )


def save_model(
    folder: Path, model: Model, description: Mapping[str, Any], metrics: Mapping[str, Any]
) -> None:
    """Write the arrays, ``metrics.json``, and last ``model.json``, without which it is not a model."""
    facts = {
        "users": len(model.user_ids),
        "items": len(model.item_ids),
        "recency_weight": model.recency_weight,
        "has_item_bias": model.has_item_bias,
    }
    artifact.write(folder, _arrays(model), {**description, **facts}, metrics)


def load_model(folder: Path) -> Model:
    """Map a saved model into memory: its pages are shared between processes."""
    arrays, facts = artifact.read(folder)
    users = SortedIds(arrays.pop("user_ids"), arrays.pop("user_offsets"))
    items = SortedIds(arrays.pop("item_ids"), arrays.pop("item_offsets"))
    matrices: dict[str, Any] = {
        name: Rows(*(arrays.pop(f"{name}_{part}") for part in PARTS))
        for name in ("purchased", "item_weights")
        if f"{name}_indptr" in arrays
    }
    # Its arrays were checked by name, type and shape; the type checker cannot know.
    rest: dict[str, Any] = {**matrices, **arrays}
    return Model(
        users,
        items,
        recency_weight=float(facts["recency_weight"]),
        has_item_bias=bool(facts["has_item_bias"]),
        **rest,
    )


def _arrays(model: Model) -> dict[str, npt.NDArray[Any]]:
    found: dict[str, npt.NDArray[Any] | None] = {
        "user_ids": model.user_ids.text,
        "user_offsets": model.user_ids.offsets,
        "item_ids": model.item_ids.text,
        "item_offsets": model.item_ids.offsets,
        "item_popularity": model.item_popularity,
        "user_factors": model.user_factors,
        "item_factors": model.item_factors,
        "item_norms": model.item_norms,
        "fold_in": model.fold_in,
        "recency": model.recency,
    }
    for name, rows in (("purchased", model.purchased), ("item_weights", model.item_weights)):
        if rows is not None:
            found |= {f"{name}_{part}": getattr(rows, part) for part in PARTS}
    return {name: values for name, values in found.items() if values is not None}


def _rows(matrix: Any) -> Rows:
    return Rows(
        matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)
    )


def _floats(values: Any) -> npt.NDArray[np.float32] | None:
    return None if values is None else np.ascontiguousarray(values, dtype=np.float32)


def _directions(items: Factors, biased: bool) -> Factors:
    return items[:, :-1] if biased else items
