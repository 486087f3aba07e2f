"""The time that a request may take: no wait lasts longer than the time that is left."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong
from functools import cache
from typing import TypeVar

SECONDS = 2.0  # for a whole response
RESERVE = 0.5  # that the endpoint leaves to the sources after it

T = TypeVar("T")


class TooSlow(Exception):
    """A call did not return within its time."""


class Budget:
    """Counts down from the moment it is created."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._ends - time.monotonic())

    def wait(self, call: Callable[[], T], at_most: float) -> T:
        """Wait for a call for at most ``at_most`` seconds; raises TooSlow after that.

        The call continues in its thread until its client's own timeout. A socket's timeout alone is not
        enough: it applies to each read, so a slow trickle of bytes never reaches it.
        """
        seconds = min(at_most, self.left)
        if seconds <= 0:
            raise TooSlow
        try:
            return _pool().submit(call).result(seconds)
        except WaitedTooLong as error:
            raise TooSlow from error


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(16, thread_name_prefix="call")
