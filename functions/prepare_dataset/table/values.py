"""What a cell's text means: an id, a number, or nothing."""

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
import pyarrow as pa

from prepare_dataset.table.arrays import Floats
from prepare_dataset.table.arrow import AnyArray, Texts, floats, pc, truths

# Longer than any real id; DynamoDB's keys hold 2,048 bytes, and more than an id.
MAX_ID_LENGTH = 256
# Descriptions and countries are repeated in many places; no shop's are as long.
MAX_TEXT_LENGTH = 500
# How spreadsheets, databases and data frames spell a missing id.
_NOTHING = pa.array(["", "nan", "na", "n/a", "#n/a", "null", "(null)", "none", "<na>"])
_NULL_OF_DUMPS = r"\N"  # of MySQL and PostgreSQL, in capitals
# What no shop sells or charges in one line; sums of so many stay exact.
MAX_NUMBER = 1e9
_GAP = "[ '\u00a0\u202f\u2019]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class NumberStyle(StrEnum):
    """Which sign is a file's decimal mark; the other one may then part thousands."""

    POINT = "point"
    COMMA = "comma"


def spell_ids(texts: Texts) -> Texts:
    """Spell a number that arrived as a float without its decimals; leave every other text as it is."""
    spelled: Texts = pc.replace_substring_regex(texts, r"^(\s*-?\d+)\.0+(\s*)$", r"\1\2")
    return spelled


def clean_ids(texts: Texts) -> Texts:
    """Make ids of texts: ``13085.0`` is ``13085``, outer spaces go, ``00123`` and ``1e5`` stay as they are.

    Null where a text only says that the id is missing.
    """
    ids = spell_ids(pc.utf8_trim_whitespace(texts))
    nothing = pc.or_(pc.is_in(pc.utf8_lower(ids), _NOTHING), pc.equal(ids, _NULL_OF_DUMPS))
    cleaned: Texts = pc.if_else(nothing, None, ids)
    return cleaned


def is_unusable_id(ids: Texts) -> pa.BooleanArray:
    """Tell ids that are too long, or have a line break, a tab or a NUL inside."""
    found: pa.BooleanArray = pc.or_(
        pc.greater(pc.utf8_length(ids), MAX_ID_LENGTH), pc.match_substring_regex(ids, r"[\x00-\x1f\x7f]")
    )
    return found


def clean_texts(texts: Texts) -> Texts:
    """Strip outer spaces, and what is beyond the 500th character; null if nothing is left."""
    stripped = pc.utf8_slice_codeunits(_strip(texts), 0, MAX_TEXT_LENGTH)
    cleaned: Texts = pc.if_else(pc.equal(stripped, ""), None, stripped)
    return cleaned


def parse_numbers(texts: Texts, style: NumberStyle | None = None) -> Floats:
    """Read numbers; NaN where a text is no finite number, or one beyond a billion.

    Without a style, thousands may be parted by spaces or apostrophes, and a comma is no part of a number.
    """
    stripped = _strip(texts)
    readable = pc.match_substring_regex(stripped, _NUMBER)
    plain = pc.if_else(readable, pc.replace_substring_regex(stripped, r"^\+", ""), None)
    if style is not NumberStyle.COMMA and truths(pc.fill_null(readable, True)).all():
        return _in_bounds(plain)
    spelled = _spell_plainly(stripped, style)
    return _in_bounds(pc.coalesce(spelled, plain) if style else pc.coalesce(plain, spelled))


def parse_settled(texts: Texts) -> Floats:
    """Read numbers that were spelled plainly when they were first read; all else is none."""
    return _in_bounds(pc.if_else(pc.match_substring_regex(texts, _NUMBER), texts, None))


def find_number_style(columns: Iterable[Texts]) -> NumberStyle | None:
    """Tell which of point and comma is a file's decimal mark, where its numbers leave no doubt.

    ``2,55`` and ``1.234.567`` can only be written with a decimal comma, ``2.55`` and ``1,234,567`` only
    with a point; ``1,234`` proves nothing. Numbers that prove both prove nothing either.
    """
    texts = [_strip(column) for column in columns]
    proven = [
        style
        for style, mark, group in ((NumberStyle.POINT, r"\.", ","), (NumberStyle.COMMA, ",", r"\."))
        if any(_any_match(column, _proof(mark, group)) for column in texts)
    ]
    return proven[0] if len(proven) == 1 else None


def _proof(mark: str, group: str) -> str:
    parted = rf"\d{{1,3}}({group}\d{{3}})"
    return (
        rf"^[+-]?((\d+|{parted}+|\d{{1,3}}({_GAP}\d{{3}})+)?{mark}(\d{{1,2}}|\d{{4,}})"  # not three digits
        rf"|0?{mark}\d+|{parted}+{mark}\d+|{parted}{{2,}})$"
    )


def _spell_plainly(stripped: Texts, style: NumberStyle | None) -> AnyArray:
    """Spell numbers of a style with a decimal point alone; null where a text is none of them."""
    mark, group = (",", r"\.") if style is NumberStyle.COMMA else (r"\.", ",")
    groups = rf"({_GAP}\d{{3}})+" + (rf"|({group}\d{{3}})+" if style else "")
    readable = pc.match_substring_regex(stripped, rf"^[+-]?(\d{{1,3}}({groups})|\d+)?({mark}\d+)?$")
    given = pc.and_(readable, pc.match_substring_regex(stripped, r"\d"))
    joined = pc.replace_substring_regex(stripped, _GAP if style is None else rf"{_GAP}|{group}", "")
    spelled: AnyArray = pc.replace_substring_regex(pc.replace_substring_regex(joined, ",", "."), r"^\+", "")
    return pc.if_else(given, spelled, None)  # type: ignore[no-any-return]


def _in_bounds(plain: AnyArray) -> Floats:
    numbers = floats(pc.cast(plain, pa.float64()))
    return np.where(np.abs(numbers) <= MAX_NUMBER, numbers, np.nan)


def _strip(texts: Texts) -> Texts:
    stripped: Texts = pc.utf8_trim_whitespace(texts)
    return stripped


def _any_match(texts: Texts, pattern: str) -> bool:
    return bool(truths(pc.fill_null(pc.match_substring_regex(texts, pattern), False)).any())
