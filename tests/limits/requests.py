"""Checks the requests that functions and commands make in tests, before they are answered by whatever fake.

botocore itself checks types and required members alone, and a fake not even these.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS
from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.sagemaker.http import service_model, validation
from tests.limits.documented import LIMITS, Limit, Request
from tests.plugins.requests import invalid

# Its values have no patterns; documented limits count.
WITHOUT_MODEL = {"dynamodb"}


def problems(service: str, operation: str, request: Request) -> list[str]:
    """Return what AWS would refuse of a request, with the source of each limit that is documented."""
    return [
        f"{service} {operation}: {problem}"
        for problem in (*_of_model(service, operation, request), *_of_documents(service, operation, request))
    ]


def record(service: str, operation: str, request: Request) -> None:
    """Record what AWS would refuse of a request: the test that made it fails."""
    invalid.extend(problem for problem in problems(service, operation, request) if problem not in invalid)


def _of_model(service: str, operation: str, request: Request) -> Iterator[str]:
    shape = None if service in WITHOUT_MODEL else _shape(service, operation)
    if shape is not None:
        yield from validation.violations(shape, _as_json(shape, request), "")


@cache
def _shape(service: str, operation: str) -> Shape | None:
    return service_model.operation(operation, service).input_shape


def _of_documents(service: str, operation: str, request: Request) -> Iterator[str]:
    for limit in _limits(service, operation):
        for measured in limit.measure(request):
            if measured > limit.most:
                yield f"{measured:,.0f} {limit.what}, where {limit.most:,.0f} are allowed ({limit.source})"


@cache
def _limits(service: str, operation: str) -> tuple[Limit, ...]:
    return tuple(each for each in LIMITS if each.service == service and operation in each.operations)


def _as_json(shape: Shape, value: Any) -> Any:
    """Return a request as it is sent: bytes and open files are blobs, times are numbers."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: _as_json(shape.members[name], each) if name in shape.members else each
            for name, each in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [_as_json(shape.member, each) for each in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _as_json(shape.value, each) for name, each in value.items()}
    if shape.type_name == "blob":
        return ""
    return 0 if shape.type_name == "timestamp" else value


def _before_parameters(params: Any, model: Any, **_more: Any) -> None:
    """Check a call of a real client; a handler of botocore's event."""
    record(model.service_model.service_name, model.name, params)


BUILTIN_HANDLERS += [("before-parameter-build", _before_parameters)]
