"""What this process may read and write below the base folder: what it may not is an error, not "absent".

``pathlib`` answers that a file does not exist where it cannot look: a job would then train with default
hyperparameters, or without held-out rows.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from recommender.errors import UserError

ABSENT = (FileNotFoundError, NotADirectoryError)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def exists(path: Path) -> bool:
    """Return whether there is a file or folder; raises UserError where that cannot be seen."""
    with reading(path):
        return _status(path) is not None


def files_below(folder: Path) -> list[Path]:
    """Return every file in a folder and below it, sorted; raises UserError where one cannot be read."""
    with reading(folder):
        return sorted(files(folder))


def files(folder: Path) -> Iterator[Path]:
    """Yield every file in a folder and below it; raises OSError where one cannot be seen."""
    for parent, _, names in os.walk(folder, onerror=_raise):
        for path in (Path(parent, name) for name in names):
            status = _status(path)
            if status and stat.S_ISREG(status.st_mode):
                yield path


def read_bytes(path: Path) -> bytes | None:
    """Return a file's content, None for an absent file; raises UserError where it cannot be read."""
    with reading(path):
        try:
            return path.read_bytes()
        except ABSENT:
            return None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn an OSError into a UserError: what cannot be read, as which user, and what to do."""
    try:
        yield
    except OSError as error:
        raise UserError(cannot("read", path, error)) from error


def check_writable(folder: Path) -> None:
    """Raise UserError if no file can be made in a folder, which is made itself if it is absent."""
    try:
        try_writing(folder)
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        raise UserError(cannot("write to", folder, error)) from error


def try_writing(folder: Path) -> None:
    """Make a file that vanishes at once; raises OSError with the folder's name."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def cannot(act: str, path: Path, error: OSError) -> str:
    """Return the sentence for what the operating system refused."""
    place = error.filename if isinstance(error.filename, str) else path
    reason = f"Cannot {act} {place} as uid {os.geteuid()}: {error.strerror or error}."
    if error.errno == errno.EROFS:
        return f"{reason} Mount it so that it can be written to."
    if error.errno not in REFUSED:
        return f"{reason} Run the job again; if it fails again, check this file and its volume."
    remedy = f"Let this user {act} it and the folders above it"
    return f"{reason} {remedy}{', or run the container as root, as SageMaker does' if os.geteuid() else ''}."


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except ABSENT:
        return None


def _raise(error: OSError) -> None:
    if not isinstance(error, ABSENT):
        raise error
