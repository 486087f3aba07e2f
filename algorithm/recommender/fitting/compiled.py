"""Compile with numba, and cache the machine code where that is possible."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

# Sums may be reordered for SIMD, but NaN keeps its meaning, so that divergence is detected.
FAST = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: Function) -> Function:
    """Compile on the first call; the compiled function runs without the GIL.

    The machine code is cached in ``NUMBA_CACHE_DIR``, ``__pycache__`` or the home folder, the first that is
    writable; where none is, every process compiles again, which takes some seconds.
    """
    try:
        made = numba.njit(nogil=True, fastmath=FAST, cache=True)(function)
    except RuntimeError:  # numba found no writable cache folder
        made = numba.njit(nogil=True, fastmath=FAST)(function)
    return cast(Function, made)
