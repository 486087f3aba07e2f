"""How headers of files are compared; a module of its own, so that reading a file needs no pydantic."""

import re


def fold(header: str) -> str:
    """Return a header in the form that is compared: in lower case, without spaces and underscores."""
    return re.sub(r"[\s_\ufeff]+", "", header).lower()
