"""The present invocation of a function: who it is, and how much time it has left."""

import math
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext


class Invocation(NamedTuple):
    """An invocation's id, which Lambda's own retries of one event share, and its time."""

    id: str
    seconds_left: Callable[[], float]
    """Returns the seconds until Lambda ends the invocation."""

    @classmethod
    def of(cls, context: LambdaContext) -> "Invocation":
        """Read an invocation from the context that Lambda gives its handler."""
        return cls(context.aws_request_id, lambda: context.get_remaining_time_in_millis() / 1000)


def without_limit() -> Invocation:
    """Return an invocation that nobody ends."""
    return Invocation(uuid4().hex, lambda: math.inf)
