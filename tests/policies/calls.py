"""Authorises the calls that functions make in tests, each against that function's own role.

A call belongs to the function whose package is on the stack of the thread that makes it, or of the thread
that gave the work to that one. The calls of tests, of commands and of the emulated AWS belong to none.
"""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from botocore.handlers import BUILTIN_HANDLERS

from local.sagemaker.iam.policies import Access
from tests.limits.requests import record
from tests.plugins.permissions import refused
from tests.policies import actions
from tests.policies.roles import function_names, refusal_of

MISSING = {"404", "NoSuchKey"}
_lent = threading.local()
_submit = ThreadPoolExecutor.submit


def caller() -> str | None:
    """Return the function that is at work in this thread, if one is."""
    frame: FrameType | None = sys._getframe(1)
    packages = function_names()
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package in packages:
            return str(package)
        frame = frame.f_back
    return getattr(_lent, "function", None)


def problems(function: str, service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """Return what of a call the function's role does not allow."""
    try:
        needed = actions.needed(service, operation, request)
    except actions.UnknownCall as unknown:
        return [f"{function}: {unknown}"]
    return _refusals(function, needed)


def problems_if_missing(function: str, bucket: str) -> list[str]:
    """Return that S3 would call a missing object forbidden, if it would."""
    needed = actions.needed_to_see_that_it_is_missing(bucket)
    return [f"{each}: a missing object reads as forbidden" for each in _refusals(function, [needed])]


def _refusals(function: str, needed: list[Access]) -> list[str]:
    return [
        f"{function} may not {access.action} on {access.resource}"
        for access in needed
        if refusal_of(function, access)
    ]


def _record(found: list[str]) -> None:
    refused.extend(problem for problem in found if problem not in refused)


def _before_parameters(params: Any, model: Any, **_more: Any) -> None:
    """Check a call of a real client; a handler of botocore's event."""
    function = caller()
    if function:
        _record(problems(function, model.service_model.service_name, model.name, params))


def _after_call(parsed: Any, model: Any, context: Any, **_more: Any) -> None:
    """Check that S3 would report to the function that an object is missing."""
    if parsed.get("Error", {}).get("Code") in MISSING:
        function = caller()
        bucket = context.get("retailrec_bucket")
        if function and bucket and model.name in ("GetObject", "HeadObject"):
            _record(problems_if_missing(function, bucket))


def _note_bucket(params: Any, context: Any, **_more: Any) -> None:
    context["retailrec_bucket"] = params.get("Bucket")


BUILTIN_HANDLERS += [
    ("before-parameter-build", _before_parameters),
    ("before-parameter-build.s3", _note_bucket),
    ("after-call.s3", _after_call),
]


@contextmanager
def threads_keep_their_function() -> Iterator[None]:
    """Let the work that a function gives to a pool of threads be known as its own."""

    def submit(pool: Any, work: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        function = caller()
        return _submit(pool, _lending(function, work) if function else work, *args, **more)

    with patch.object(ThreadPoolExecutor, "submit", submit):
        yield


def _lending(function: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def lent(*args: Any, **more: Any) -> Any:
        before = getattr(_lent, "function", None)
        _lent.function = function
        try:
            return work(*args, **more)
        finally:
            _lent.function = before

    return lent


class Checked:
    """A fake client whose calls are authorised, if a function makes them."""

    def __init__(self, service: str, target: Any) -> None:
        self._service = service
        self._target = target

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found) or name == "get_paginator":
            return found

        def call(*args: Any, **request: Any) -> Any:
            function = caller()
            record(self._service, operation_of(name), request)
            if function:
                _record(problems(function, self._service, operation_of(name), request))
            return found(*args, **request)

        return call


def operation_of(method: str) -> str:
    """Return the operation behind a client's method: GetItem for get_item."""
    return "".join(part.capitalize() for part in method.split("_"))


def request_of(method: str, args: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's arguments by their names, also those of boto3's transfers."""
    return {**_of_transfer(method, args), **(request.get("ExtraArgs") or {}), **request}


def _of_transfer(method: str, args: Any) -> dict[str, Any]:
    """Name the positional arguments of boto3's transfers."""
    if method == "upload_file":
        return dict(zip(("Filename", "Bucket", "Key"), args, strict=True))
    if method == "download_file":
        return dict(zip(("Bucket", "Key", "Filename"), args, strict=True))
    return {}


def says_missing(error: ClientError) -> bool:
    """Return whether an error of S3 says that an object is missing."""
    return error.response.get("Error", {}).get("Code") in MISSING
