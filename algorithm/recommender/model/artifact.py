"""The model folder, schema version 2: numpy files, and JSON that names them."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from recommender.access import cannot
from recommender.model.artifact_checks import BASE, FACTORS, OPTIONAL, WEIGHTS, Array, Arrays, inconsistency

SCHEMA_VERSION = 2
# What damaged JSON and array headers raise: numpy reads headers with Python's tokenizer.
_UNUSABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RecursionError,
    EOFError,
    OverflowError,
    SyntaxError,
    TokenError,
)


class ModelError(Exception):
    """A model folder is incomplete, damaged, or of another schema version."""


def write(
    folder: Path, arrays: Mapping[str, Array], facts: Mapping[str, Any], metrics: Mapping[str, Any]
) -> None:
    """Write arrays, ``metrics.json``, and last ``model.json``, which names the arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    _write_json(folder / "metrics.json", metrics)
    _write_json(folder / "model.json", {"schema_version": SCHEMA_VERSION, **facts, "arrays": sorted(arrays)})


def read(folder: Path) -> tuple[Arrays, dict[str, Any]]:
    """Memory-map the arrays and read ``model.json``; raises ModelError with the reason if unusable."""
    try:
        facts = json.loads((folder / "model.json").read_bytes())
        version = facts["schema_version"]
        if version != SCHEMA_VERSION:
            raise ModelError(
                f"The model's schema version is {version!r}; this program reads {SCHEMA_VERSION}."
                " Train it again with this version of the algorithm."
            )
        names = _names(facts)
        arrays = {name: _map(folder / f"{name}.npy") for name in names}
    except PermissionError as error:
        raise ModelError(cannot("read", folder, error)) from error
    except _UNUSABLE as error:
        raise ModelError(f"There is no usable model in {folder}: {_reason(error)}.") from error
    if problem := inconsistency(arrays, facts):
        raise ModelError(f"The model in {folder} is damaged: {problem}.")
    return arrays, facts


def _reason(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")


def _names(facts: Mapping[str, Any]) -> list[str]:
    """Return the names of the arrays, known ones only: a name from a file must not lead out of the folder."""
    names = set(facts["arrays"])
    kinds = [group for group in (FACTORS, WEIGHTS) if names & set(group)]
    if len(kinds) != 1 or names != set(BASE) | set(kinds[0]) | (names & set(OPTIONAL)):
        raise ValueError("model.json does not name the arrays of a model")
    for fact, types in {"recency_weight": (int, float), "has_item_bias": (bool,)}.items():
        if type(facts[fact]) not in types:
            raise ValueError(f"{fact} in model.json has the wrong type")
    if not math.isfinite(facts["recency_weight"]):
        raise ValueError("recency_weight in model.json is not a finite number")
    return sorted(names)


def _map(path: Path) -> Array:
    # A view as plain ndarray: every operation on a numpy.memmap pays for its subclass.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
