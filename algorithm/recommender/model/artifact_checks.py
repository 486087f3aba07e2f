"""Checks of a model's arrays before they serve: types, shapes and values.

Every check reads an array in pieces, so that checking a model of any size needs little memory.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

PARTS = ("indptr", "indices", "values")
PIECE = 4_000_000  # cells checked together
IDS, OFFSETS, CODES, NUMBERS = np.uint8, np.int64, np.int32, np.float32
# Type and dimensions of every array; those of a group come together or not at all.
BASE = {
    "user_ids": (IDS, 1),
    "user_offsets": (OFFSETS, 1),
    "item_ids": (IDS, 1),
    "item_offsets": (OFFSETS, 1),
    "item_popularity": (CODES, 1),
    "purchased_indptr": (OFFSETS, 1),
    "purchased_indices": (CODES, 1),
    "purchased_values": (NUMBERS, 1),
}
FACTORS = {"user_factors": (NUMBERS, 2), "item_factors": (NUMBERS, 2), "item_norms": (NUMBERS, 1)}
WEIGHTS = {
    "item_weights_indptr": (OFFSETS, 1),
    "item_weights_indices": (CODES, 1),
    "item_weights_values": (NUMBERS, 1),
}
OPTIONAL = {"fold_in": (NUMBERS, 2), "recency": (NUMBERS, 1)}
ARRAYS = {**BASE, **FACTORS, **WEIGHTS, **OPTIONAL}

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


def inconsistency(arrays: Arrays, facts: Mapping[str, Any]) -> str | None:
    """Return what is inconsistent, None if nothing is: types and shapes first, then the values."""
    for name, values in arrays.items():
        kind, dimensions = ARRAYS[name]
        if values.dtype != kind or values.ndim != dimensions or not values.flags.c_contiguous:
            return f"{name} is not an array of {dimensions} dimensions of {np.dtype(kind).name}"
    users, items = len(arrays["user_offsets"]) - 1, len(arrays["item_offsets"]) - 1
    if (facts.get("users"), facts.get("items")) != (users, items) or min(users, items) < 0:
        return "its numbers of users and items do not fit"
    shapes = _shape_checks(arrays, users, items)
    if wrong := next((name for name, fits in shapes if not fits), None):
        return f"its {wrong} do not fit"
    return next(
        (f"its {name} have wrong values" for name, holds in _contents(arrays, items) if not holds),
        None,
    )


def _shape_checks(arrays: Arrays, users: int, items: int) -> Iterator[tuple[str, bool]]:
    yield "user ids", arrays["user_offsets"][-1] == len(arrays["user_ids"])
    yield "item ids", arrays["item_offsets"][-1] == len(arrays["item_ids"])
    yield "item popularities", len(arrays["item_popularity"]) == items
    yield "purchases", _is_csr(arrays, "purchased", users)
    if "recency" in arrays:
        yield "recencies", len(arrays["recency"]) == len(arrays["purchased_indices"])
    if "item_weights_indptr" in arrays:
        yield "item weights", _is_csr(arrays, "item_weights", items)
        return
    factors = arrays["user_factors"].shape[1]
    yield "user factors", arrays["user_factors"].shape == (users, factors)
    yield "item factors", arrays["item_factors"].shape == (items, factors) and factors > 0
    yield "item norms", len(arrays["item_norms"]) == items
    if "fold_in" in arrays:
        yield "fold-in", arrays["fold_in"].shape == (factors, factors)


def _is_csr(arrays: Arrays, name: str, rows: int) -> bool:
    indptr, indices, values = (arrays[f"{name}_{part}"] for part in PARTS)
    return len(indptr) == rows + 1 and indptr[-1] == len(indices) == len(values)


def _contents(arrays: Arrays, items: int) -> Iterator[tuple[str, bool]]:
    """Yield one check after the other, so that the first failure ends the reading."""
    for kind in ("user", "item"):
        offsets = arrays[f"{kind}_offsets"]
        yield f"{kind} ids", _rising(offsets) and _is_text(arrays[f"{kind}_ids"], offsets)
    for name in ("purchased", "item_weights"):
        if f"{name}_indptr" in arrays:
            indices = arrays[f"{name}_indices"]
            yield f"{name} indices", _rising(arrays[f"{name}_indptr"]) and _within(indices, items)
    for name, values in arrays.items():
        if values.dtype == NUMBERS:
            yield f"{name} (they should all be finite numbers)", _finite(values)


def _pieces(values: Array) -> Iterator[Array]:
    flat = values.reshape(-1)
    return (flat[start : start + PIECE] for start in range(0, len(flat), PIECE))


def _finite(values: Array) -> bool:
    return all(bool(np.isfinite(piece).all()) for piece in _pieces(values))


def _within(codes: Array, end: int) -> bool:
    return all(int(piece.min()) >= 0 and int(piece.max()) < end for piece in _pieces(codes))


def _rising(offsets: Array) -> bool:
    return bool(offsets[0] == 0) and bool((offsets[1:] >= offsets[:-1]).all())


def _is_text(text: Array, offsets: Array) -> bool:
    """Return whether the text is UTF-8 and no id begins within a character."""
    try:
        text.tobytes().decode()
    except UnicodeDecodeError:
        return False
    starts = offsets[offsets < len(text)]
    return not bool(((text[starts] & 0xC0) == 0x80).any())
