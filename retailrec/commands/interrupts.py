"""Ctrl-C and SIGTERM while a command holds something that it must clean up."""

import signal
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns the first signal into KeyboardInterrupt, and ignores later ones during the clean-up."""

    def __init__(self) -> None:
        self._deaf = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._interrupt) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def ignore(self) -> None:
        """Ignore interrupts from now on."""
        self._deaf = True

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if not self._deaf:
            self._deaf = True
            raise KeyboardInterrupt
