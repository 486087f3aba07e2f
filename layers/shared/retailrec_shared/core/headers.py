"""How headers of files are compared."""

import re


def fold(name: str) -> str:
    """Reduce a header to what is compared: no spaces or underscores, in lower case."""
    return re.sub(r"[\s_\ufeff]+", "", name).lower()
