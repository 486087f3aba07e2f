"""Root's privileges, which the programs give up as soon as they can.

SageMaker runs containers as root, over folders that are root's. The image names in RECOMMENDER_UID the user
to become; elsewhere, and for a process that is not root's, nothing changes.
"""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from recommender.access import files, try_writing
from recommender.folders import Folders

VARIABLE = "RECOMMENDER_UID"
MAX_UID = 2**31 - 1
ROOT = 0


def before_training(folders: Folders, environment: Mapping[str, str] = os.environ) -> str | None:
    """Hand the folders that training writes to over to the other user, and become that user if it can work.

    Returns the sentence for the log; None where there is nothing to give up. The process stays root's if that
    user could not read the input or write the output: not every mounted folder can be handed over.
    """
    uid = _wanted(environment)
    if uid is None:
        return None
    written = [folders.model, folders.failure.parent]
    if folders.checkpoints.is_dir():
        written.append(folders.checkpoints)
    handed_over = [path for folder in written for path in _hand_over(folder, uid)]
    said = _give_up(uid, _read(folders), written)
    if os.geteuid() == ROOT:  # which may lack the right to write to what another owns
        for path in handed_over:
            os.chown(path, ROOT, ROOT, follow_symlinks=False)
    return said


def before_serving(environment: Mapping[str, str] = os.environ) -> str | None:
    """Become the other user: the model is mapped, and the port is bound. Returns the sentence for the log."""
    uid = _wanted(environment)
    return None if uid is None else _give_up(uid, (), ())


def _read(folders: Folders) -> Iterator[Path]:
    """Yield the folders that training reads; a channel may be a link, which a walk does not enter."""
    yield folders.base / "input"
    yield from folders.channel("training").parent.glob("*")
    if folders.checkpoints.is_dir():
        yield folders.checkpoints


def _wanted(environment: Mapping[str, str]) -> int | None:
    text = environment.get(VARIABLE, "").strip()
    if not text or os.geteuid() != ROOT:
        return None
    if not text.isdecimal() or int(text) > MAX_UID:
        raise ValueError(f"{VARIABLE} must be the number of a user, or empty to stay root, not {text!r}.")
    return int(text) or None


def _hand_over(folder: Path, uid: int) -> list[Path]:
    """Make the user the owner of what root owns here, and return that; the rest is found by trying it."""
    handed_over = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid == ROOT:
                os.chown(path, uid, uid, follow_symlinks=False)
                handed_over.append(path)
    except OSError:
        pass
    return handed_over


def _give_up(uid: int, read: Iterable[Path], written: Iterable[Path]) -> str:
    groups = os.getgroups()
    try:
        os.setgroups([])
        os.setegid(uid)
        os.seteuid(uid)
        for folder in read:
            _try_reading(folder)
        for folder in written:
            try_writing(folder)
    except OSError as error:
        _take_back(groups)
        place = f"{error.filename}: " if error.filename else ""
        return f"stays root: as uid {uid}, {place}{error.strerror}"
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    return f"gave up root's privileges: runs as uid {uid}"


def _take_back(groups: list[int]) -> None:
    os.seteuid(ROOT)
    os.setegid(ROOT)
    if os.getgroups() != groups:
        os.setgroups(groups)


def _try_reading(folder: Path) -> None:
    """Check every file and folder below, without opening one: FastFile mode would fetch it."""
    for path in files(folder):
        if not os.access(path, os.R_OK, effective_ids=True):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
