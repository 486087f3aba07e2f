"""The hyperparameters: names of the Marketplace's Implicit BPR, and ours; every value arrives as a string."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from recommender.errors import UserError

ALGORITHMS = ("implicit-bpr",)
# Tuning jobs add names of their own, such as _tuning_objective_metric.
RESERVED_PREFIX = "_tuning_"


@dataclass(frozen=True)
class Hyperparameters:
    """What a training job may choose; the defaults are the contract's."""

    algorithm: str = "implicit-bpr"
    factors: int = 100
    iterations: int = 100
    learning_rate: float = 0.01
    regularization: float = 0.01
    verify_negative_samples: bool = True
    use_gpu: bool = False
    seed: int = 0


def read_hyperparameters(path: Path) -> Hyperparameters:
    """Read hyperparameters.json; an absent file means the defaults."""
    if not path.exists():
        return Hyperparameters()
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path.name} is not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path.name} must hold one JSON object of names and values.")
    return parse_hyperparameters(values)


def parse_hyperparameters(values: Mapping[str, Any]) -> Hyperparameters:
    """Turn the job's strings into typed values, refusing unknown names and values out of range."""
    given = {name: value for name, value in values.items() if not name.startswith(RESERVED_PREFIX)}
    known = [field.name for field in fields(Hyperparameters)]
    if unknown := sorted(set(given) - set(known)):
        raise UserError(f"Unknown hyperparameter: {', '.join(unknown)}. Known are: {', '.join(known)}.")
    return Hyperparameters(**{name: _PARSERS[name](name, str(value)) for name, value in given.items()})


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


def _algorithm(name: str, text: str) -> str:
    if text not in ALGORITHMS:
        raise UserError(f"Hyperparameter {name} must be one of {', '.join(ALGORITHMS)}, not {text!r}.")
    return text


_PARSERS: Mapping[str, Callable[[str, str], Any]] = {
    "algorithm": _algorithm,
    "factors": _whole(1, 2048),
    "iterations": _whole(1, 100_000),
    "learning_rate": _number(0, 10, open_low=True),
    "regularization": _number(0, 10),
    "verify_negative_samples": _truth,
    "use_gpu": _truth,
    "seed": _whole(0, 2**32 - 1),
}
