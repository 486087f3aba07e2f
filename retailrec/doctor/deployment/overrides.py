"""``parameter_overrides`` of samconfig.toml, as the SAM CLI reads them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_QUOTED = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
_PAIR = re.compile(rf"(?:^|(?<= ))(?P<name>[A-Za-z0-9]+)=(?P<value>{_QUOTED}|(?:\\.|[^ \"\\])+)")
_LONG_PAIR = re.compile(
    rf"ParameterKey=(?P<name>[A-Za-z0-9]+),ParameterValue=(?P<value>{_QUOTED}|(?:\\.|[^ \"\\])+)"
)


def read_overrides(given: Any) -> dict[str, str]:
    """Read a text, a list of texts, or a table; raises ValueError for what is none of them.

    A text ends a value at a space, unless the value is in quotes.
    """
    if isinstance(given, Mapping):
        return {str(name): _text(value) for name, value in given.items()}
    if isinstance(given, str):
        return _pairs(given)
    if isinstance(given, Iterable):
        found: dict[str, str] = {}
        for each in given:
            found |= read_overrides(each)
        return found
    raise ValueError(f"parameter_overrides cannot be {given!r}: write NAME=VALUE")


def _pairs(text: str) -> dict[str, str]:
    if text.startswith("file://"):
        raise ValueError(
            f"parameter_overrides names a file ({text}), which is not read here: use --parameter"
        )
    found = list(_LONG_PAIR.finditer(text)) or list(_PAIR.finditer(text.strip()))
    if text.strip() and not found:
        raise ValueError(f'parameter_overrides has no parameter in {text!r}: write NAME=VALUE, or NAME=""')
    return {each["name"]: _unquoted(each["value"]) for each in found}


def _unquoted(value: str) -> str:
    if value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return value.replace("\\ ", " ").replace('\\"', '"').replace("\\'", "'")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return "" if value is None else str(value)
