"""Millions of sorted ids without a Python object for each: UTF-8 end to end, and where each one ends."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt


class SortedIds:
    """Maps id to code and back over two arrays that may be memory-mapped.

    ``text`` is uint8, all ids joined; id c is ``text[offsets[c]:offsets[c + 1]]``, so ``offsets``
    (int64) has one entry more than there are ids. UTF-8 sorts as its code points do.
    """

    def __init__(self, text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        self.text = text
        self.offsets = offsets
        # A memoryview hands out plain ints and bytes, several times faster than an array does.
        self._text = text.data
        self._offsets = offsets.data

    @classmethod
    def of(cls, ids: Iterable[str]) -> "SortedIds":
        """Pack ids that are sorted and unique."""
        packed = [name.encode() for name in ids]
        offsets = np.zeros(len(packed) + 1, dtype=np.int64)
        np.cumsum([len(name) for name in packed], out=offsets[1:])
        return cls(np.frombuffer(b"".join(packed), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, code: int) -> str:
        if not 0 <= code < len(self):
            raise IndexError(code)
        return str(self._text[self._offsets[code] : self._offsets[code + 1]], "utf-8")

    def __iter__(self) -> Iterator[str]:
        return (self[code] for code in range(len(self)))

    def find(self, name: str) -> int | None:
        """Code of an id, or None when there is no such id."""
        code = bisect_left(self, name)
        return code if code < len(self) and self[code] == name else None
