"""The error of a local cloud that does not start, and the end of a log for its message."""

from pathlib import Path


class CloudError(Exception):
    """The cloud did not come up; the message says why and what to do."""


def log_tail(path: Path, lines: int = 15) -> str:
    """Return the end of a log, for the message that names it."""
    if not path.exists():
        return "(no log)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
