"""SIGTERM: SageMaker's word that the job is to stop, or that its spot instance is about to be taken."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger(__name__)


class Stopped(SystemExit):
    """The program ends as asked, with the exit code of a process that SIGTERM ended."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class Interrupt:
    """Ends the program at once, or, during a fit, at its next epoch, so that it can be saved."""

    def __init__(self) -> None:
        self.requested = False
        self._deferring = False

    def handle(self, _signal: int, _frame: FrameType | None) -> None:
        """Take a signal; the second one does not wait."""
        again, self.requested = self.requested, True
        log.info("asked to stop by SIGTERM%s", ", once more" if again else "")
        if again or not self._deferring:
            raise Stopped

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let a signal wait for the end of the block, which may end earlier by itself."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        if self.requested:
            raise Stopped
