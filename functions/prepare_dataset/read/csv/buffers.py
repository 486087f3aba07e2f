"""The buffers and callbacks that Arrow's threads hold while they read a csv file; all are awaited at the end.

Arrow reads blocks ahead in one thread and parses them in another. Both release what they used only after
the reader has returned its last batch or its error. A thread that releases an object of Python while the
interpreter ends aborts the process, and in a frozen function it continues in the next invocation.
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
    """Hands a file and functions to one reader; after the context no thread of Arrow holds any of them.

    No Python code runs when a thread releases one of them (no ``__del__``, no callback of a weak reference).
    So once an object is released, its thread has left Python.
    """

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._blocks: list[memoryview] = []
        self._tracked: list[weakref.ref[Any]] = []
        self._reader: Any = None
        self._stopped = False
        self._error: BaseException | None = None

    def __enter__(self) -> "ReaderBuffers":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._reader = None
        self._wait_until(self.is_released)

    def file(self) -> Any:
        """Return the file for Arrow; it gives a block only while fewer than BLOCKS_AHEAD are in use.

        Arrow keeps all blocks that are not parsed yet; on a busy machine that could be the whole file.
        """
        return self._track(_File(self._read))

    def function(self, function: Callable[..., T]) -> Callable[..., T]:
        """Return a function for Arrow."""
        return self._track(_Function(function))

    def keep(self, reader: T) -> T:
        """Keep the reader until the context ends: it must not end while its thread waits for blocks."""
        self._reader = reader
        return reader

    def raise_error(self) -> None:
        """Raise the error of reading the file. Arrow only sees the file end: it would keep an error."""
        error, self._error = self._error, None
        if error:
            raise error

    def is_released(self) -> bool:
        """Return whether no thread holds any of the objects."""
        return all(reference() is None for reference in self._tracked) and not self._blocks_in_use()

    def _track(self, used: T) -> T:
        self._tracked.append(weakref.ref(used))
        return used

    def _read(self, size: int) -> memoryview:
        block = b""
        try:
            # Not forever: a reader that needs more blocks at once must not hang.
            self._wait_until(lambda: self._stopped or self._blocks_in_use() < BLOCKS_AHEAD)
            if not self._stopped and not self._error:
                block = self._file.read(size) or b""
        except BaseException as error:  # noqa: BLE001 - raised in the thread that iterates over the batches
            self._error = error
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
    """The file object that Arrow reads."""

    closed = False

    def __init__(self, read: Callable[[int], memoryview]) -> None:
        self.read = read


class _Function:
    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)


def _is_in_use(block: memoryview) -> bool:
    """Release a block if nothing uses its bytes any more; return whether it is still in use."""
    try:
        block.release()
    except BufferError:
        return True
    return False
