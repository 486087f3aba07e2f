"""The space that a tuning job searches, read from its ParameterRanges."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local.sagemaker.account.records import Document
from local.sagemaker.errors import ServiceError, validation

MAX_RANGES = 30
RESERVED = "_tuning_"
Value = float | int | str


@dataclass(frozen=True)
class Numbers:
    """A range of numbers, bounds included."""

    low: float
    high: float
    whole: bool
    logarithmic: bool

    @property
    def middle(self) -> Value:
        """The value halfway, on the range's own scale."""
        low, high = self.low, self.high
        value = math.sqrt(low * high) if self.logarithmic else (low + high) / 2
        return round(value) if self.whole else value

    def holds(self, text: str) -> bool:
        """Return whether the range holds a value, as a hyperparameter's text."""
        return self.low <= float(text) <= self.high and (not self.whole or float(text).is_integer())

    def read(self, text: str) -> Value:
        """Read a value from a hyperparameter's text."""
        return int(float(text)) if self.whole else float(text)


@dataclass(frozen=True)
class Categories:
    """Some values, in no order."""

    values: tuple[str, ...]

    @property
    def middle(self) -> Value:
        """The first one: categories have no middle."""
        return self.values[0]

    def holds(self, text: str) -> bool:
        """Return whether a value is one of them."""
        return text in self.values

    def read(self, text: str) -> Value:
        """Take a value as it is."""
        return text


Space = dict[str, Numbers | Categories]


def read_space(ranges: Document) -> Space:
    """Read ParameterRanges; refuses what SageMaker refuses."""
    if ranges.get("AutoParameters"):
        raise validation("AutoParameters are not supported by the local SageMaker.")
    named = list(_named(ranges))
    names = [name for name, _ in named]
    if not names:
        raise validation("At least one hyperparameter range must be specified.")
    if len(names) > MAX_RANGES:
        raise validation(f"At most {MAX_RANGES} hyperparameters can be searched, and there are {len(names)}.")
    if len(set(names)) < len(names):
        raise validation("A hyperparameter must not have several ranges.")
    if reserved := [name for name in names if name.startswith(RESERVED)]:
        raise validation(f"Hyperparameter names must not begin with {RESERVED}: {', '.join(reserved)}")
    return dict(named)


def _named(ranges: Document) -> Iterator[tuple[str, Numbers | Categories]]:
    for given in ranges.get("ContinuousParameterRanges", []):
        yield given["Name"], _numbers(given, float, whole=False)
    for given in ranges.get("IntegerParameterRanges", []):
        yield given["Name"], _numbers(given, int, whole=True)
    for given in ranges.get("CategoricalParameterRanges", []):
        values = tuple(given["Values"])
        if len(set(values)) < len(values):
            raise validation(f"The values of hyperparameter {given['Name']} must be unique.")
        yield given["Name"], Categories(values)


def _numbers(given: Document, number: Callable[[str], float], *, whole: bool) -> Numbers:
    low, high = (_bound(given, member, number) for member in ("MinValue", "MaxValue"))
    if low >= high:
        raise _wrong(given, f"MinValue {given['MinValue']} must be less than MaxValue {given['MaxValue']}")
    scaling = given.get("ScalingType", "Auto")
    if scaling == "ReverseLogarithmic":
        raise _wrong(given, "ScalingType ReverseLogarithmic is not supported by the local SageMaker")
    if scaling == "Logarithmic" and low <= 0:
        raise _wrong(given, "MinValue must be greater than 0 for ScalingType Logarithmic")
    # "Auto" is SageMaker's own choice: a range over decades is searched by them.
    decades = scaling == "Auto" and low > 0 and high / low >= 100
    return Numbers(low, high, whole, scaling == "Logarithmic" or decades)


def _bound(given: Document, member: str, number: Callable[[str], float]) -> float:
    try:
        value = number(given[member])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(given, f"{member} {given[member]} is not a valid number for this kind of range")
    return value


def _wrong(given: Document, what: str) -> ServiceError:
    return validation(f"Invalid range of hyperparameter {given['Name']}: {what}.")
