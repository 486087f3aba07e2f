"""botocore's description of SageMaker: what a request may hold, and how a response is written."""

from datetime import datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.session import get_session


@cache
def service(name: str = "sagemaker") -> ServiceModel:
    """Load a service model; about 0.2 s the first time."""
    return get_session().get_service_model(name)


@cache
def operation(name: str, of: str = "sagemaker") -> OperationModel:
    """Describe one operation of a service."""
    return service(of).operation_model(name)


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
