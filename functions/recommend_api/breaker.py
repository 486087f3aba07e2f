"""A circuit breaker: what failed thrice in a row is left alone for some seconds, then tried once."""

import threading
import time
from collections.abc import Callable

FAILURES = 3
REST_SECONDS = 5.0


class Breaker:
    """Closed while all is well; open, it lets one trial through every ``rest`` seconds."""

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
        """Tell whether a call may be made; a trial is given to one caller alone."""
        with self._lock:
            if self._failures < self._most:
                return True
            if self._clock() < self._next_trial:
                return False
            self._next_trial = self._clock() + self._rest
            return True

    def succeeded(self) -> None:
        """Note a call that was answered: the breaker closes."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """Note a call that was not answered."""
        with self._lock:
            self._failures += 1
            self._next_trial = self._clock() + self._rest

    @property
    def open(self) -> bool:
        """Tell whether calls are held back."""
        return self._failures >= self._most
