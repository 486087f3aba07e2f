"""Filters, sorts and pages, the same for every List operation."""

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from local.sagemaker.account.records import Document, Resource
from local.sagemaker.errors import validation

R = TypeVar("R", bound=Resource)
DEFAULT_PAGE = 10


def page(
    resources: Iterable[R],
    request: Document,
    member: str,
    summarise: Callable[[R], Document],
    order: str = "Descending",
) -> Document:
    """Answer a List request; ``member`` is the response's name for its list, ``order`` its default order."""
    chosen = sorted(
        (resource for resource in resources if _wanted(resource, request)),
        key=_sort_key(request.get("SortBy", "CreationTime")),
        reverse=request.get("SortOrder", order) == "Descending",
    )
    start = _offset(request.get("NextToken"))
    end = start + request.get("MaxResults", DEFAULT_PAGE)
    answer: Document = {member: [summarise(resource) for resource in chosen[start:end]]}
    if end < len(chosen):
        answer["NextToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return answer


def _wanted(resource: Resource, request: Document) -> bool:
    status = request.get("StatusEquals")
    return (
        request.get("NameContains", "").lower() in resource.name.lower()
        and (status is None or getattr(resource, "status", None) == status)
        and _within(resource.created, request, "CreationTime")
        and _within(resource.modified, request, "LastModifiedTime")
    )


def _within(time: datetime, request: Document, member: str) -> bool:
    after, before = request.get(f"{member}After"), request.get(f"{member}Before")
    return (after is None or time.timestamp() > _epoch(after)) and (
        before is None or time.timestamp() < _epoch(before)
    )


def _epoch(time: float | str) -> float:
    return datetime.fromisoformat(time).timestamp() if isinstance(time, str) else float(time)


def _sort_key(member: str) -> Callable[[Resource], Any]:
    keys: dict[str, Callable[[Resource], Any]] = {
        "Name": lambda resource: resource.name,
        "Status": lambda resource: getattr(resource, "status", ""),
        "LastModifiedTime": lambda resource: resource.modified,
        "FinalObjectiveMetricValue": lambda resource: getattr(resource, "objective", [0.0])[-1],
    }
    return keys.get(member, lambda resource: resource.created)


def _offset(token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except (ValueError, binascii.Error):
        raise validation("Invalid pagination token.") from None
