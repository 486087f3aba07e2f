"""Virtual time: what happens when, and Lambdas that take turns at every call they make."""

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
MINUTE = 60.0


class Timeline:
    """A queue of things to do, in the order of virtual time; ``now`` counts seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.over = False
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._main = getcurrent()

    @property
    def moment(self) -> datetime:
        """The present, as a date."""
        return BEGIN + timedelta(seconds=self.now)

    def at(self, when: float, what: Callable[[], object]) -> None:
        """Have something done at a time, or at once where that has passed."""
        heapq.heappush(self._due, (max(when, self.now), next(self._numbers), what))

    def after(self, seconds: float, what: Callable[[], object]) -> None:
        """Have something done in a while."""
        self.at(self.now + seconds, what)

    def run_until(self, end: float) -> None:
        """Do what is due up to a time."""
        while self._due and self._due[0][0] <= end and not self.over:
            self.now, _, what = heapq.heappop(self._due)
            what()
        self.now = max(self.now, 0 if self.over else end)

    def pause(self, seconds: float) -> None:
        """Let the calling greenlet wait while others act."""
        due = self.now + seconds
        if not self._due or self._due[0][0] > due:
            self.now = due  # nobody acts meanwhile
            return
        self.at(due, getcurrent().switch)
        self._main.switch()
