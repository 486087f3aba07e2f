"""What a cell's text means: an id, a number, or nothing."""

import numpy as np
import pyarrow as pa

from prepare_dataset.arrays import Floats
from prepare_dataset.arrow import Texts, floats, pc

# How spreadsheets, databases and data frames spell a missing id.
_NOTHING = pa.array(["", "nan", "na", "n/a", "#n/a", "null", "none", "<na>"])
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def spell_ids(texts: Texts) -> Texts:
    """Spell a number that arrived as a float without its decimals; leave every other text as it is."""
    spelled: Texts = pc.replace_substring_regex(texts, r"^(\s*-?\d+)\.0+(\s*)$", r"\1\2")
    return spelled


def clean_ids(texts: Texts) -> Texts:
    """Make ids of texts: ``13085.0`` is ``13085``, outer spaces go, ``00123`` and ``1e5`` stay as they are.

    Null where a text only says that the id is missing.
    """
    ids = pc.utf8_trim_whitespace(spell_ids(texts))
    cleaned: Texts = pc.if_else(pc.is_in(pc.utf8_lower(ids), _NOTHING), None, ids)
    return cleaned


def clean_texts(texts: Texts) -> Texts:
    """Strip outer spaces; null if nothing is left."""
    stripped = pc.utf8_trim_whitespace(texts)
    cleaned: Texts = pc.if_else(pc.equal(stripped, ""), None, stripped)
    return cleaned


def parse_numbers(texts: Texts) -> Floats:
    """Read numbers with a decimal point; NaN where a text is no finite number."""
    stripped = pc.utf8_trim_whitespace(texts)
    readable = pc.match_substring_regex(stripped, _NUMBER)
    plain = pc.if_else(readable, pc.replace_substring_regex(stripped, r"^\+", ""), None)
    numbers = floats(pc.cast(plain, pa.float64()))
    return np.where(np.isfinite(numbers), numbers, np.nan)
