"""A file that is read no further ahead than memory allows.

Arrow reads blocks in a thread of its own, and keeps what is not parsed yet: on a busy machine, or where
parsing takes longer than unpacking, that may be the whole file.
"""

import io
import threading
from collections.abc import Callable
from typing import IO

AHEAD = 6
PATIENCE_SECONDS = 20.0


class Paced(io.RawIOBase):
    """Hands out a block only while fewer than AHEAD of its blocks are in use."""

    def __init__(self, file: IO[bytes] | io.RawIOBase) -> None:
        self._file = file
        self._in_use = 0
        self._reading = False
        self._stopped = False
        self._changed = threading.Condition()

    def readable(self) -> bool:
        """Let it be read: so asks whoever wraps it."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read at most so many bytes, after waiting for blocks to be let go."""
        with self._changed:
            # Patience ends: nothing shall hang, should a reader ever need more blocks at once.
            self._changed.wait_for(lambda: self._stopped or self._in_use < AHEAD, PATIENCE_SECONDS)
            if self._stopped:
                return b""
            self._in_use += 1
            self._reading = True
        try:
            return _Block.of(self._file.read(size) or b"", self._let_go)
        finally:
            with self._changed:
                self._reading = False
                self._changed.notify_all()

    def stop(self) -> None:
        """Hand out nothing more, and wait for the read that is under way.

        Who has given up reads on in a thread, which must not outlive the file, nor the process.
        """
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._reading, PATIENCE_SECONDS)

    def _let_go(self) -> None:
        with self._changed:
            self._in_use -= 1
            self._changed.notify_all()


class _Block(bytes):
    """Bytes that tell when nobody uses them any more."""

    _let_go: Callable[[], None]

    @classmethod
    def of(cls, data: bytes, let_go: Callable[[], None]) -> "_Block":
        block = cls(data)
        block._let_go = let_go
        return block

    def __del__(self) -> None:
        self._let_go()
