"""What Python lends to Arrow's threads while they read a csv file, and gets back before it goes on.

Arrow reads blocks ahead in one thread and parses them in another. Both release what they used only after
the reader has given its last batch or its error. A thread that releases an object of Python while the
interpreter ends aborts the process, and in a function that is frozen it goes on in the next invocation.
"""

import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from prepare_dataset.read.csv.layout import Readable

BLOCKS_AHEAD = 6
RELEASE_SECONDS = 20.0
_POLL_SECONDS = 0.001

T = TypeVar("T")


class ReaderBuffers:
    """Lends a file and functions to one reader; on leaving it, no thread of Arrow holds any of them.

    Nothing that runs in Python happens when a thread releases one of them (no ``__del__``, no callback of a
    weak reference). So whoever sees that it is released also knows that the thread has left Python.
    """

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._blocks: list[memoryview] = []
        self._tracked: list[weakref.ref[Any]] = []
        self._reader: Any = None
        self._stopped = False
        self._problem: BaseException | None = None

    def __enter__(self) -> "ReaderBuffers":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._reader = None
        self._wait_until(self.is_released)

    def file(self) -> Any:
        """Lend the file: a block is handed out only while fewer than BLOCKS_AHEAD of its blocks are in use.

        What is not parsed yet is kept by Arrow, and on a busy machine that may be the whole file.
        """
        return self._track(_File(self._read))

    def function(self, function: Callable[..., T]) -> Callable[..., T]:
        """Lend a function."""
        return self._track(_Function(function))

    def keep(self, reader: T) -> T:
        """Keep the reader until it is left, so that it does not end while its thread waits for blocks."""
        self._reader = reader
        return reader

    def raise_error(self) -> None:
        """Raise what reading the file has raised: for Arrow, whose threads would keep it, the file ended."""
        problem, self._problem = self._problem, None
        if problem:
            raise problem

    def is_released(self) -> bool:
        """Return whether no thread holds anything that was lent."""
        return all(lent() is None for lent in self._tracked) and not self._blocks_in_use()

    def _track(self, lent: T) -> T:
        self._tracked.append(weakref.ref(lent))
        return lent

    def _read(self, size: int) -> memoryview:
        block = b""
        try:
            # Patience ends: nothing may hang, should a reader ever need more blocks at once.
            self._wait_until(lambda: self._stopped or self._blocks_in_use() < BLOCKS_AHEAD)
            if not self._stopped and not self._problem:
                block = self._file.read(size) or b""
        except BaseException as problem:  # noqa: BLE001 - raised in the thread that asks for batches
            self._problem = problem
        view = memoryview(block)
        self._blocks.append(view)
        return view

    def _blocks_in_use(self) -> int:
        self._blocks = [block for block in self._blocks if _is_in_use(block)]
        return len(self._blocks)

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + RELEASE_SECONDS
        while not condition() and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)


class _File:
    """What Arrow takes for a file."""

    closed = False

    def __init__(self, read: Callable[[int], memoryview]) -> None:
        self.read = read


class _Function:
    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)


def _is_in_use(block: memoryview) -> bool:
    """Release a block unless somebody still uses its bytes; return whether that is so."""
    try:
        block.release()
    except BufferError:
        return True
    return False
