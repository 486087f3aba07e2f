"""Parses the text of a cell: an id, a number, a text, or nothing."""

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
# How spreadsheets, databases and data frames write a missing id.
_NOTHING = pa.array(["", "nan", "na", "n/a", "#n/a", "null", "(null)", "none", "<na>"])
_NULL_OF_DUMPS = r"\N"  # of MySQL and PostgreSQL, in capitals
# What no shop sells or charges in one line; sums of so many stay exact.
MAX_NUMBER = 1e9
_GAP = "[ '\u00a0\u202f\u2019]"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


class NumberStyle(StrEnum):
    """Which sign is a file's decimal mark; the other one may then separate thousands."""

    POINT = "point"
    COMMA = "comma"


def format_ids(texts: Texts) -> Texts:
    """Remove the decimals of whole numbers such as ``13085.0``; leave every other text as it is."""
    formatted: Texts = pc.replace_substring_regex(texts, r"^(\s*-?\d+)\.0+(\s*)$", r"\1\2")
    return formatted


def clean_ids(texts: Texts) -> Texts:
    """Clean ids: ``13085.0`` becomes ``13085``, outer spaces go, ``00123`` and ``1e5`` stay as they are.

    The result is null where a text stands for a missing id, such as "n/a".
    """
    ids = format_ids(pc.utf8_trim_whitespace(texts))
    nothing = pc.or_(pc.is_in(pc.utf8_lower(ids), _NOTHING), pc.equal(ids, _NULL_OF_DUMPS))
    cleaned: Texts = pc.if_else(nothing, None, ids)
    return cleaned


def is_unusable_id(ids: Texts) -> pa.BooleanArray:
    """Mark ids that are too long, or have a line break, a tab or a NUL inside."""
    found: pa.BooleanArray = pc.or_(
        pc.greater(pc.utf8_length(ids), MAX_ID_LENGTH), pc.match_substring_regex(ids, r"[\x00-\x1f\x7f]")
    )
    return found


def clean_texts(texts: Texts) -> Texts:
    """Strip outer spaces and cut after 500 characters; null if nothing is left."""
    stripped = pc.utf8_slice_codeunits(_strip(texts), 0, MAX_TEXT_LENGTH)
    cleaned: Texts = pc.if_else(pc.equal(stripped, ""), None, stripped)
    return cleaned


def parse_numbers(texts: Texts, style: NumberStyle | None = None) -> Floats:
    """Parse numbers; NaN where a text is no finite number, or one beyond a billion.

    Without a style, thousands may be separated by spaces or apostrophes, and a comma is not part of a number.
    """
    stripped = _strip(texts)
    readable = pc.match_substring_regex(stripped, _NUMBER)
    plain = pc.if_else(readable, pc.replace_substring_regex(stripped, r"^\+", ""), None)
    if style is not NumberStyle.COMMA and truths(pc.fill_null(readable, True)).all():
        return _in_bounds(plain)
    rewritten = _to_plain_numbers(stripped, style)
    return _in_bounds(pc.coalesce(rewritten, plain) if style else pc.coalesce(plain, rewritten))


def parse_plain_numbers(texts: Texts) -> Floats:
    """Parse numbers of a normalized table, which have a decimal point and no separators; NaN for all else."""
    return _in_bounds(pc.if_else(pc.match_substring_regex(texts, _NUMBER), texts, None))


def prove_number_styles(columns: Iterable[Texts]) -> frozenset[NumberStyle]:
    """Find which decimal marks the numbers prove.

    ``2,55`` and ``1.234.567`` can only be written with a decimal comma, ``2.55`` and ``1,234,567`` only
    with a point; ``1,234`` proves nothing.
    """
    texts = [_strip(column) for column in columns]
    return frozenset(
        style
        for style, mark, group in ((NumberStyle.POINT, r"\.", ","), (NumberStyle.COMMA, ",", r"\."))
        if any(_any_match(column, _proof(mark, group)) for column in texts)
    )


def _proof(mark: str, group: str) -> str:
    parted = rf"\d{{1,3}}({group}\d{{3}})"
    return (
        rf"^[+-]?((\d+|{parted}+|\d{{1,3}}({_GAP}\d{{3}})+)?{mark}(\d{{1,2}}|\d{{4,}})"  # not three digits
        rf"|0?{mark}\d+|{parted}+{mark}\d+|{parted}{{2,}})$"
    )


def _to_plain_numbers(stripped: Texts, style: NumberStyle | None) -> AnyArray:
    """Rewrite numbers of a style with only a decimal point; null where a text is no such number."""
    mark, group = (",", r"\.") if style is NumberStyle.COMMA else (r"\.", ",")
    groups = rf"({_GAP}\d{{3}})+" + (rf"|({group}\d{{3}})+" if style else "")
    readable = pc.match_substring_regex(stripped, rf"^[+-]?(\d{{1,3}}({groups})|\d+)?({mark}\d+)?$")
    given = pc.and_(readable, pc.match_substring_regex(stripped, r"\d"))
    joined = pc.replace_substring_regex(stripped, _GAP if style is None else rf"{_GAP}|{group}", "")
    rewritten: AnyArray = pc.replace_substring_regex(pc.replace_substring_regex(joined, ",", "."), r"^\+", "")
    return pc.if_else(given, rewritten, None)  # type: ignore[no-any-return]


def _in_bounds(plain: AnyArray) -> Floats:
    numbers = floats(pc.cast(plain, pa.float64()))
    return np.where(np.abs(numbers) <= MAX_NUMBER, numbers, np.nan)


def _strip(texts: Texts) -> Texts:
    stripped: Texts = pc.utf8_trim_whitespace(texts)
    return stripped


def _any_match(texts: Texts, pattern: str) -> bool:
    return bool(truths(pc.fill_null(pc.match_substring_regex(texts, pattern), False)).any())
