"""The hyperparameters of the Marketplace's Implicit BPR, and our own; every value arrives as a string."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.access import read_bytes
from recommender.errors import UserError

ALGORITHMS = ("bpr", "implicit-bpr", "als", "ease", "popularity", "auto")
NEGATIVE_SAMPLING = ("uniform", "popularity")
RECENCY = ("auto", "off")
MAX_RECENCY = 1e6
# Tuning jobs add names of their own, such as _tuning_objective_metric.
RESERVED_PREFIX = "_tuning_"
OBJECTIVE = "_tuning_objective_metric"
VALIDATION_METRIC = "validation_ndcg@20_new_items"


@dataclass(frozen=True)
class Hyperparameters:
    """The hyperparameters of a training job. None: not given, so the algorithm's own default applies."""

    algorithm: str = "bpr"
    factors: int | None = None
    iterations: int | None = None
    learning_rate: float | None = None
    regularization: float | None = None
    verify_negative_samples: bool | None = None
    use_gpu: bool | None = None
    seed: int | None = None
    negative_sampling: str | None = None
    negative_pool: int | None = None
    item_bias: bool | None = None
    learning_rate_decay: bool | None = None
    early_stopping: bool | None = None
    validation_fraction: float | None = None
    alpha: float | None = None
    ease_lambda: float | None = None
    top_k: int | None = None
    refit: bool = True
    recency: float | str = "auto"
    time_budget_seconds: float | None = None
    marketplace_twin: bool = False
    # Not a hyperparameter: set where a tuning job's objective is the metric of the validation slice.
    validates: bool | None = None


def read_hyperparameters(path: Path) -> Hyperparameters:
    """Read hyperparameters.json; an absent file means the defaults."""
    content = read_bytes(path)
    if content is None:
        return Hyperparameters()
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path.name} is not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path.name} must hold one JSON object of names and values.")
    return parse_hyperparameters(values)


def parse_hyperparameters(values: Mapping[str, Any]) -> Hyperparameters:
    """Turn the job's strings into typed values; raises UserError for unknown names and invalid values."""
    given = {name: value for name, value in values.items() if not name.startswith(RESERVED_PREFIX)}
    known = list(_PARSERS)
    if unknown := sorted(set(given) - set(known)):
        raise UserError(f"Unknown hyperparameter: {', '.join(unknown)}. Known are: {', '.join(known)}.")
    typed = {name: _PARSERS[name](name, str(value)) for name, value in given.items()}
    validates = True if values.get(OBJECTIVE) == VALIDATION_METRIC else None
    return Hyperparameters(**typed, validates=validates)


def _whole(low: int, high: int) -> Callable[[str, str], int]:
    def parse(name: str, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise UserError(
                f"Hyperparameter {name} must be a whole number from {low} to {high}, not {text!r}."
            )
        return value

    return parse


def _number(low: float, high: float, *, open_low: bool = False) -> Callable[[str, str], float]:
    def parse(name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        # NaN fails every comparison, so it is refused here too.
        if not low <= value <= high or (open_low and value == low):
            least = f"above {low:g}" if open_low else f"from {low:g}"
            raise UserError(f"Hyperparameter {name} must be a number {least} up to {high:g}, not {text!r}.")
        return value

    return parse


def _truth(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UserError(f"Hyperparameter {name} must be true or false, not {text!r}.")
    return text.lower() == "true"


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def parse(name: str, text: str) -> str:
        if text not in allowed:
            raise UserError(f"Hyperparameter {name} must be one of {', '.join(allowed)}, not {text!r}.")
        return text

    return parse


def _recency(name: str, text: str) -> float | str:
    if text in RECENCY:
        return text
    try:
        return _number(0, MAX_RECENCY)(name, text)
    except UserError as error:
        raise UserError(
            f"Hyperparameter {name} must be auto, off, or a number up to {MAX_RECENCY:g}, not {text!r}."
        ) from error


_PARSERS: Mapping[str, Callable[[str, str], Any]] = {
    "algorithm": _one_of(*ALGORITHMS),
    "factors": _whole(1, 2048),
    "iterations": _whole(1, 100_000),
    "learning_rate": _number(0, 10, open_low=True),
    "regularization": _number(0, 1e6),
    "verify_negative_samples": _truth,
    "use_gpu": _truth,
    "seed": _whole(0, 2**32 - 1),
    "negative_sampling": _one_of(*NEGATIVE_SAMPLING),
    "negative_pool": _whole(1, 1024),
    "item_bias": _truth,
    "learning_rate_decay": _truth,
    "early_stopping": _truth,
    "validation_fraction": _number(0, 0.5, open_low=True),
    "alpha": _number(0, 1e6, open_low=True),
    "ease_lambda": _number(0, 1e9, open_low=True),
    "top_k": _whole(1, 100_000),
    "refit": _truth,
    "recency": _recency,
    "time_budget_seconds": _number(0, 432_000, open_low=True),
    "marketplace_twin": _truth,
}
