"""The time that a request may take: every wait is cut to what is left of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong
from functools import cache
from typing import TypeVar

SECONDS = 2.0  # for a whole answer
RESERVE = 0.5  # left by the endpoint to the rungs below it

T = TypeVar("T")


class TooSlow(Exception):
    """Something did not answer in the time there was for it."""


class Budget:
    """Counts down from the moment it is made."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, 0 when there are none."""
        return max(0.0, self._ends - time.monotonic())

    def wait(self, call: Callable[[], T], at_most: float) -> T:
        """Wait for a call; raises TooSlow when it takes longer than it may.

        It goes on in its thread until its client's own timeout: sockets time out by the read, so a
        trickling answer would outlive any.
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
