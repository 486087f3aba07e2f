"""SIGTERM: SageMaker stops the job, or is about to reclaim its spot instance."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger(__name__)


class Stopped(SystemExit):
    """The program ends on request, with the exit code of a process that SIGTERM ended."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class Interrupt:
    """Ends the program at once, or during a fit after its current epoch, so that it can be saved."""

    def __init__(self) -> None:
        self.requested = False
        self._deferring = False

    def handle(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle a signal; the second one ends the program at once."""
        again, self.requested = self.requested, True
        log.info("received SIGTERM%s", ", a second time" if again else "")
        if again or not self._deferring:
            raise Stopped

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Defer the first signal until the end of the block, which may check for it and end early."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        if self.requested:
            raise Stopped
