"""Translates the service model's regular expressions from Java's syntax to Python's."""

import re
from functools import cache

# Enough for the patterns of the operations served here; a test compiles them all.
JAVA_CLASSES = {
    r"\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}": r"\x20-\x7e\xa0-\U0010ffff",
    r"\p{L}\p{M}\p{Z}\p{N}\p{P}": r"\x20-\x7e\xa0-\U0010ffff",
    ")${1,": "){1,",  # a mistaken dollar in the model
    r"\p{L}\p{Z}\p{N}": r"\w\s",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{ASCII}": r"[\x00-\x7f]",
    r"\p{Print}": r"\x20-\x7e",
    r"\z": r"\Z",
}


def matches(pattern: str, value: str) -> bool:
    """Return whether the whole value matches, as the service requires."""
    return compiled(pattern).fullmatch(value) is not None


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Translate and compile one of the service model's patterns."""
    for java, python in JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)
