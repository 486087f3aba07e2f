"""Compile with numba, and cache the machine code where that is possible."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

from recommender.access import try_writing

Function = TypeVar("Function", bound=Callable[..., object])

# Sums may be reordered for SIMD, but NaN keeps its meaning, so that divergence is detected.
FAST = {"reassoc", "contract", "arcp", "nsz"}


def compiled(function: Function) -> Function:
    """Compile on the first call; the compiled function runs without the GIL.

    The machine code is cached in ``NUMBA_CACHE_DIR`` or a copy of it, ``__pycache__`` or the home folder, the
    first that is writable; where none is, every process compiles again, which takes some seconds.
    """
    try:
        made = numba.njit(nogil=True, fastmath=FAST, cache=True)(function)
    except RuntimeError:  # numba found no writable cache folder
        made = numba.njit(nogil=True, fastmath=FAST)(function)
    return cast(Function, made)


def cache_folder(given: str) -> str:
    """Return the folder given, or a copy in a temporary folder: numba uses none that it cannot write to."""
    try:
        if given and Path(given).is_dir():
            try_writing(Path(given))
        return given
    except OSError:
        return _copied(given)


def _copied(given: str) -> str:
    try:
        copy = tempfile.mkdtemp(prefix="recommender-compiled-")
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        shutil.copytree(given, copy, dirs_exist_ok=True)
        for folder in (path for path in (Path(copy), *Path(copy).rglob("*")) if path.is_dir()):
            folder.chmod(0o700)  # the mode is copied, too
    except OSError:  # no temporary folder can be written to, or the folder given not be read
        return given
    return copy


numba.config.CACHE_DIR = cache_folder(numba.config.CACHE_DIR)  # type: ignore[attr-defined]
