"""Writing a plot to a file, atomically."""

import os
from collections.abc import Sequence
from pathlib import Path

from retailrec.client.problems import Problem
from retailrec.metrics.measured import Measured

KINDS = (".png", ".svg", ".pdf")


def picture_kind(path: Path) -> str:
    """Return a plot's format by its suffix; raises Problem for a file that cannot be written."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise Problem(f"{path} is not an image: use one of the suffixes {', '.join(KINDS)}.")
    if path.is_dir():
        raise Problem(f"{path} is a folder: name a file.")
    if path.exists() and not os.access(path, os.W_OK):
        raise Problem(f"{path} must not be overwritten: name another file.")
    return kind.removeprefix(".")


def save(path: Path, kind: str, runs: Sequence[Measured]) -> None:
    """Plot runs to a file, and create its folder; an earlier file is replaced only by a complete plot."""
    from retailrec.metrics.figures import draw, render  # takes a second to import

    picture = render(draw(runs), kind)
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(picture)
        draft.replace(path)
    except OSError as error:
        raise Problem(f"{path} cannot be written ({error.strerror}): name another file.") from error
    finally:
        _forget(draft)


def _forget(draft: Path) -> None:
    try:
        draft.unlink(missing_ok=True)
    except OSError:
        return  # its folder could not be made
