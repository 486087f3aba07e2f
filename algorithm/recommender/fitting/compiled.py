"""Compiling with numba, and keeping what was compiled where that is possible."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

# Sums may be reordered, so that they use whole registers; but not-a-number stays what it is, to be found.
FAST = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: Function) -> Function:
    """Compile on the first call, without holding Python's lock while it runs.

    The machine code is kept in ``NUMBA_CACHE_DIR``, ``__pycache__`` or the home folder, whichever can be
    written to; where none can, every process compiles anew, in a few seconds.
    """
    try:
        made = numba.njit(nogil=True, fastmath=FAST, cache=True)(function)
    except RuntimeError:  # numba found no place to write to
        made = numba.njit(nogil=True, fastmath=FAST)(function)
    return cast(Function, made)
