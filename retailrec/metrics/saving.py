"""Writing a picture: whole or not at all, and only to where it may be written."""

import os
from collections.abc import Sequence
from pathlib import Path

from retailrec.client.problems import Problem
from retailrec.metrics.measured import Measured

KINDS = (".png", ".svg", ".pdf")


def picture_kind(path: Path) -> str:
    """Tell a picture's format by its suffix; raises Problem for a file that cannot be one."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise Problem(f"{path} is no picture: give it one of the suffixes {', '.join(KINDS)}.")
    if path.is_dir():
        raise Problem(f"{path} is a folder: name a file.")
    if path.exists() and not os.access(path, os.W_OK):
        raise Problem(f"{path} may not be written over: name another file.")
    return kind.removeprefix(".")


def save(path: Path, kind: str, runs: Sequence[Measured]) -> None:
    """Draw runs into a file, with its folder if need be; what was there stays until the picture is whole."""
    from retailrec.metrics.figures import draw, render  # a second's import, needed here alone

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
