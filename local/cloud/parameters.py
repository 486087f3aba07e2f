"""Checks the stack's parameters that a user sets on the laptop against the template."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from local.cloud.errors import CloudError
from local.cloud.state import REPOSITORY

# `up` sets these: the local image, or the ARN that --algorithm-arn names.
_DECIDED = ("AlgorithmArn", "AlgorithmImageUri")


def read_parameters(given: Iterable[str]) -> dict[str, str]:
    """Read each NAME=VALUE; raises CloudError with what the template accepts, for what it does not accept."""
    pairs = dict(read_pair(each) for each in given)
    if not pairs:
        return {}
    known = declared_parameters()
    for name, value in pairs.items():
        if name in _DECIDED:
            raise CloudError(f"{name} is set by --algorithm-arn here, not by --parameter.")
        check_parameter(name, value, known)
    return pairs


@cache
def declared_parameters() -> Mapping[str, Any]:
    """Read the template's parameters."""
    from samtranslator.yaml_helper import yaml_parse  # which takes half a second

    declared: Mapping[str, Any] = yaml_parse((REPOSITORY / "template.yaml").read_text())["Parameters"]
    return declared


def read_pair(given: str) -> tuple[str, str]:
    """Read NAME=VALUE; raises CloudError for anything else."""
    name, equals, value = given.partition("=")
    if not equals:
        raise CloudError(f"{given} is not a parameter: write NAME=VALUE.")
    return name, value


def check_parameter(name: str, value: str, known: Mapping[str, Any]) -> None:
    """Raise CloudError, with what the template accepts, for a value that it does not accept."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}."
        raise CloudError(f"The template has no parameter {name}: {hint}")
    declared = known[name]
    if "AllowedValues" in declared and value not in map(str, declared["AllowedValues"]):
        raise CloudError(
            f"{name} cannot be {value}: it takes {', '.join(map(str, declared['AllowedValues']))}."
        )
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        raise CloudError(
            f"{name} cannot be {value}: it takes {declared['AllowedPattern']}. {declared['Description']}"
        )
    if declared["Type"] == "Number":
        _check_number(name, value, declared.get("MinValue"), declared.get("MaxValue"))


def _check_number(name: str, value: str, least: float | None, most: float | None) -> None:
    bounds = [f"at least {least}"] if least is not None else []
    bounds += [f"at most {most}"] if most is not None else []
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not (float("-inf") if least is None else least) <= number <= (float("inf") if most is None else most):
        raise CloudError(f"{name} cannot be {value}: it takes a number, {' and '.join(bounds)}.")
