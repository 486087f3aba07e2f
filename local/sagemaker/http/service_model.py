"""Writes a response as the service model shapes it."""

from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape


def serialise(shape: Shape, value: Any) -> Any:
    """Keep what the shape knows and drop the rest; times become epoch seconds, as AWS JSON 1.1 sends them."""
    if isinstance(shape, StructureShape):
        return {
            name: serialise(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [serialise(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: serialise(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    return value
