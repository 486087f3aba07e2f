"""The steps of longer work: a spinner in a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from retailrec.views.screen import seconds

DONE = ("✓", "green")
SHOWN_FROM = 0.5  # seconds


class Steps:
    """Shows the current step, and how long each one took."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text: str | None = None
        self._began = 0.0
        self._spinner: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish(*(("✗", "red") if kind else DONE))

    def say(self, text: str) -> None:
        """Begin a step; this ends the one before it."""
        self._finish(*DONE)
        self._text, self._began = text, time.monotonic()
        if self._console.is_terminal:
            self._spinner = self._console.status(self._text)
            self._spinner.start()
        else:
            self._console.print(f"  {self._text}")

    def _finish(self, sign: str, style: str) -> None:
        if self._spinner:
            self._spinner.stop()
            took = time.monotonic() - self._began
            time_taken = f"  {seconds(took)}" if took >= SHOWN_FROM else ""
            self._console.print(Text.assemble("  ", (sign, style), f" {self._text}", (time_taken, "dim")))
        self._spinner, self._text = None, None
