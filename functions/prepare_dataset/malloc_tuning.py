"""Where this process keeps what it works on: one heap for Arrow, numpy and Python, for all threads."""

import ctypes

import pyarrow as pa

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE = 32 << 20
_KEPT = 256 << 20


def tune_malloc() -> None:
    """Let what one library or thread frees be used by the next, instead of each keeping pages of its own.

    That takes a third less memory. So much is kept when it is free, as asking the system for zeroed pages
    again and again takes time. Where malloc is not glibc's, only Arrow's part holds.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for option, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _KEPT)):
            mallopt(option, value)
