"""Arrow's compute functions, for the type checker.

The published stubs lack many of their overloads (such as a plain string together with an array), so the
functions are untyped here, and every result gets its type where it is assigned.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute

AnyArray: TypeAlias = "pa.Array[Any]"
Texts: TypeAlias = pa.StringArray
CodedTexts: TypeAlias = "pa.DictionaryArray[Any, Any]"
TEXT = pa.string()
CODED_TEXT = pa.dictionary(pa.int32(), pa.string())


def truths(answers: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    """Convert booleans without nulls to numpy."""
    found: npt.NDArray[np.bool_] = answers.to_numpy(zero_copy_only=False)
    return found


def integers(numbers: AnyArray, missing: int) -> npt.NDArray[np.int64]:
    """Convert integers to numpy, with ``missing`` for nulls."""
    found: npt.NDArray[np.int64] = pc.fill_null(numbers, missing).to_numpy().astype(np.int64, copy=False)
    return found


def floats(numbers: AnyArray) -> npt.NDArray[np.float64]:
    """Convert floats to numpy, with NaN for nulls."""
    found: npt.NDArray[np.float64] = pc.fill_null(numbers, np.nan).to_numpy()
    return found
