"""Checks a request against the service model, patterns, ranges and enums included.

botocore's own validator skips patterns, enums and most ranges, because the
service checks them. This is the service here. Two things are stricter than
SageMaker: a member that the model does not know is refused, and a wrong type
is a ValidationException instead of a SerializationException.
"""

from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.sagemaker.errors import validation
from local.sagemaker.http.patterns import matches

TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}
SHOWN = 256


def check(shape: Shape | None, request: Any) -> None:
    """Raise one ValidationException that names every violation of the shape."""
    found = list(violations(shape, request, "")) if shape is not None else []
    if found:
        noun = "error" if len(found) == 1 else "errors"
        raise validation(f"{len(found)} validation {noun} detected: {'; '.join(found)}")


def violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Yield a sentence for each thing wrong with a value, in the service's words."""
    if not _is_of(TYPES[shape.type_name], value):
        yield _sentence(value, path, f"Member must be of type {shape.type_name}")
        return
    yield from _scalar(shape, value, path)
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield from violations(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from violations(shape.key, key, f"{path}.key")
            yield from violations(shape.value, item, f"{path}.{key}.value")


def _is_of(types: tuple[type, ...], value: Any) -> bool:
    """Return whether a value is of one of the types; in JSON, unlike Python, a boolean is not a number."""
    return isinstance(value, types) and (not isinstance(value, bool) or bool in types)


def _structure(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    given = {name: item for name, item in value.items() if item is not None}
    for name in shape.required_members:
        if name not in given:
            yield _sentence(None, _below(path, name), "Member must not be null")
    if shape.is_tagged_union and len(given) != 1:
        yield _sentence(value, path, f"Exactly one of {', '.join(shape.members)} must be set")
    for name, item in given.items():
        if name in shape.members:
            yield from violations(shape.members[name], item, _below(path, name))
        else:
            yield _sentence(item, _below(path, name), "Member is not known")


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Check what needs no descent: size or range, pattern, enumeration."""
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    size, word = (len(value), "length") if isinstance(value, str | list | dict) else (value, "value")
    if shape.type_name != "timestamp":
        if minimum is not None and size < minimum:
            yield _sentence(value, path, f"Member must have {word} greater than or equal to {minimum}")
        if maximum is not None and size > maximum:
            yield _sentence(value, path, f"Member must have {word} less than or equal to {maximum}")
    if (pattern := shape.metadata.get("pattern")) and not matches(pattern, value):
        yield _sentence(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if (enum := shape.metadata.get("enum")) and value not in enum:
        yield _sentence(value, path, f"Member must satisfy enum value set: [{', '.join(enum)}]")


def _below(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name


def _sentence(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:SHOWN]}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
