"""Fixed values that a later release may add to: a reader keeps one that it does not know as its text."""

from typing import Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator


def _parse(value: Any, parse: ValidatorFunctionWrapHandler) -> Any:
    try:
        return parse(value)
    except ValidationError:
        if isinstance(value, str):
            return value
        raise


OPEN = WrapValidator(_parse)
"""Annotates an enumeration or a literal of texts; its JSON Schema stays that of the known values."""
