"""The stack's parameters that a user sets on the laptop, held to what the template says of them."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from local.cloud.errors import CloudError
from local.cloud.state import REPOSITORY

# Which algorithm there is here, `up` decides: its image, or what --algorithm-arn names.
_DECIDED = ("AlgorithmArn", "AlgorithmImageUri")


def read_parameters(given: Iterable[str]) -> dict[str, str]:
    """Read each NAME=VALUE; raises CloudError, saying what the template takes, for what it would refuse."""
    pairs = dict(_pair(each) for each in given)
    if not pairs:
        return {}
    from samtranslator.yaml_helper import yaml_parse  # which takes half a second

    known = yaml_parse((REPOSITORY / "template.yaml").read_text())["Parameters"]
    for name, value in pairs.items():
        _check(name, value, known)
    return pairs


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise CloudError(f"{given} is no parameter: write NAME=VALUE.")
    return name, value


def _check(name: str, value: str, known: Mapping[str, Any]) -> None:
    if name in _DECIDED:
        raise CloudError(f"{name} is set by --algorithm-arn here, not by --parameter.")
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}."
        raise CloudError(f"The template has no parameter {name}: {hint}")
    told = known[name]
    if "AllowedValues" in told and value not in map(str, told["AllowedValues"]):
        raise CloudError(f"{name} cannot be {value}: it takes {', '.join(map(str, told['AllowedValues']))}.")
    if "AllowedPattern" in told and not re.fullmatch(told["AllowedPattern"], value):
        raise CloudError(
            f"{name} cannot be {value}: it takes {told['AllowedPattern']}. {told['Description']}"
        )
    if told["Type"] == "Number":
        _check_number(name, value, told.get("MinValue"), told.get("MaxValue"))


def _check_number(name: str, value: str, least: float | None, most: float | None) -> None:
    bounds = [f"at least {least}"] if least is not None else []
    bounds += [f"at most {most}"] if most is not None else []
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not (float("-inf") if least is None else least) <= number <= (float("inf") if most is None else most):
        raise CloudError(f"{name} cannot be {value}: it takes a number, {' and '.join(bounds)}.")
