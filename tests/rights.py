"""Root without root's rights: for tests of what a user may not read or write."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

# linux/capability.h: the version with 64 bits, and the rights to ignore the modes of files.
VERSION = 0x20080522
IGNORE_MODES = (1 << 1) | (1 << 2)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("more", ctypes.c_uint32 * 4))


@contextmanager
def of_an_owner() -> Iterator[None]:
    """Let modes count in this thread also where it is root's; others need nothing for that."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(VERSION, 0), _Sets()
    _check(libc.capget(ctypes.byref(header), ctypes.byref(sets)))
    before = sets.effective
    sets.effective = before & ~IGNORE_MODES
    _check(libc.capset(ctypes.byref(header), ctypes.byref(sets)))
    try:
        yield
    finally:
        sets.effective = before
        _check(libc.capset(ctypes.byref(header), ctypes.byref(sets)))


def _check(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
