"""The trained model: numpy arrays and JSON in a folder, memory-mapped when read back, never pickled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from recommender.bpr import Factors
from recommender.ids import SortedIds
from recommender.interactions import Interactions

SCHEMA_VERSION = 1
ARRAYS = (
    "user_ids",
    "user_offsets",
    "item_ids",
    "item_offsets",
    "user_factors",
    "item_factors",
    "purchased_indptr",
    "purchased_indices",
)


class ModelError(Exception):
    """A model folder is incomplete, damaged, or of another schema version."""


@dataclass(frozen=True)
class Model:
    """Factors (users, f) and (items, f) whose dot product is the score, ids, and what each user bought.

    User u bought the items ``purchased_indices[purchased_indptr[u]:purchased_indptr[u + 1]]``.
    """

    user_ids: SortedIds
    item_ids: SortedIds
    user_factors: Factors
    item_factors: Factors
    purchased_indptr: npt.NDArray[np.int64]
    purchased_indices: npt.NDArray[np.int32]


def build_model(training: Interactions, counts: csr_matrix, users: Factors, items: Factors) -> Model:
    """Put together what training produced."""
    return Model(
        SortedIds.of(training.user_ids),
        SortedIds.of(training.item_ids),
        np.ascontiguousarray(users, dtype=np.float32),
        np.ascontiguousarray(items, dtype=np.float32),
        counts.indptr.astype(np.int64),
        counts.indices.astype(np.int32),
    )


def save_model(
    folder: Path, model: Model, description: Mapping[str, Any], metrics: Mapping[str, float]
) -> None:
    """Write the arrays, ``metrics.json``, and last ``model.json``, without which the folder is no model."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in _arrays(model).items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    sizes = {"schema_version": SCHEMA_VERSION, "users": len(model.user_ids), "items": len(model.item_ids)}
    _write_json(folder / "metrics.json", metrics)
    _write_json(folder / "model.json", {**sizes, **description})


def load_model(folder: Path) -> Model:
    """Map a saved model into memory: pages are read when first used, and shared between processes."""
    try:
        version = json.loads((folder / "model.json").read_bytes())["schema_version"]
        if version != SCHEMA_VERSION:
            raise ModelError(f"The model's schema version is {version}; this program reads {SCHEMA_VERSION}.")
        arrays = {name: _map(folder / f"{name}.npy") for name in ARRAYS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"There is no usable model in {folder}: {error}.") from error
    if problem := _inconsistency(arrays):
        raise ModelError(f"The model in {folder} is damaged: {problem}.")
    users = SortedIds(arrays.pop("user_ids"), arrays.pop("user_offsets"))
    items = SortedIds(arrays.pop("item_ids"), arrays.pop("item_offsets"))
    return Model(users, items, **arrays)


def _arrays(model: Model) -> dict[str, npt.NDArray[Any]]:
    return {
        "user_ids": model.user_ids.text,
        "user_offsets": model.user_ids.offsets,
        "item_ids": model.item_ids.text,
        "item_offsets": model.item_ids.offsets,
        "user_factors": model.user_factors,
        "item_factors": model.item_factors,
        "purchased_indptr": model.purchased_indptr,
        "purchased_indices": model.purchased_indices,
    }


def _map(path: Path) -> npt.NDArray[Any]:
    # A view as plain ndarray: every operation on a numpy.memmap pays for its subclass.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _inconsistency(arrays: Mapping[str, npt.NDArray[Any]]) -> str | None:
    """Say what does not fit together; judged from shapes and ends, so that no page need be read."""
    users, items = len(arrays["user_offsets"]) - 1, len(arrays["item_offsets"]) - 1
    checks = {
        "user factors": len(arrays["user_factors"]) == users,
        "item factors": len(arrays["item_factors"]) == items,
        "number of factors": arrays["user_factors"].shape[1:] == arrays["item_factors"].shape[1:],
        "user ids": arrays["user_offsets"][-1] == len(arrays["user_ids"]),
        "item ids": arrays["item_offsets"][-1] == len(arrays["item_ids"]),
        "purchases by user": len(arrays["purchased_indptr"]) == users + 1,
        "purchases": arrays["purchased_indptr"][-1] == len(arrays["purchased_indices"]),
    }
    return next((f"its {name} do not fit" for name, fits in checks.items() if not fits), None)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
