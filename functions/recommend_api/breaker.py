"""A circuit breaker: after three failures in a row no call is made for some seconds, then one trial call."""

import threading
import time
from collections.abc import Callable

FAILURES = 3
REST_SECONDS = 5.0


class Breaker:
    """Closed, it allows every call; open, it allows one trial call every ``rest`` seconds."""

    def __init__(
        self,
        failures: int = FAILURES,
        rest: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_trial = 0.0

    def allows(self) -> bool:
        """Return whether a call may be made; only one caller gets a trial."""
        with self._lock:
            if self._failures < self._most:
                return True
            if self._clock() < self._next_trial:
                return False
            self._next_trial = self._clock() + self._rest
            return True

    def succeeded(self) -> None:
        """Record a call that succeeded: the breaker closes."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """Record a call that failed."""
        with self._lock:
            self._failures += 1
            self._next_trial = self._clock() + self._rest

    @property
    def open(self) -> bool:
        """Whether calls are refused."""
        return self._failures >= self._most
