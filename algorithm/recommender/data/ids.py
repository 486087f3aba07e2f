"""Millions of sorted ids without a Python object for each: joined UTF-8, and the offset of each id."""

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
        # A memoryview returns plain ints and bytes, several times faster than an array does.
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
        """Return the code of an id, or None for an unknown one."""
        try:
            wanted = name.encode()
        except UnicodeEncodeError:  # half of a surrogate pair: no id can hold it
            return None
        text, offsets = self._text, self._offsets
        low, high = 0, len(offsets) - 1
        while low < high:
            middle = (low + high) // 2
            found = text[offsets[middle] : offsets[middle + 1]].tobytes()
            if found == wanted:
                return middle
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None
