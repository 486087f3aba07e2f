"""Checkpoints: the state of an interrupted training, in the folder that SageMaker synchronizes with S3.

``state.json`` has the results so far and the progress of the fit; it names the file with the factors. Each
file is written under a temporary name and renamed, the state last: the files that it names are complete.
"""

import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from recommender.access import read_bytes
from recommender.data.interactions import Interactions
from recommender.errors import UserError
from recommender.fitting.fitted import Checkpoint, Epoch
from recommender.hyperparameters import Hyperparameters

VERSION = 2
STATE = "state.json"

log = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one training; without a folder, nothing is saved."""

    def __init__(self, folder: Path | None, fingerprint: str) -> None:
        self._folder = folder
        self._new = {"version": VERSION, "fingerprint": fingerprint, "results": {}, "fit": None}
        self._state: dict[str, Any] = self._read() or self._new

    @property
    def kept(self) -> bool:
        """Whether checkpoints are saved: there is a folder, and it is writable."""
        return self._folder is not None

    def result(self, name: str) -> Any:
        """Return a result of an earlier attempt, or None."""
        return self._state["results"].get(name)

    def keep(self, name: str, value: Any) -> None:
        """Save a result, as JSON."""
        self._state["results"][name] = value
        if self._folder is not None:
            with self._or_without():
                self._write(self._folder)

    def start(self, stage: str) -> Checkpoint | None:
        """Return the state of a fit that an earlier attempt saved, or None."""
        fit = self._state["fit"]
        if self._folder is None or not fit or fit["stage"] != stage:
            return None
        try:
            # Opened here: numpy does not close a damaged file.
            with (self._folder / fit["file"]).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                factors = arrays["user_factors"], arrays["item_factors"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            problem = "cannot be read" if isinstance(error, PermissionError) else "is damaged"
            log.warning(
                "warning: the checkpoint %s %s (%s); fitting from scratch", fit["file"], problem, error
            )
            return None
        log.info("resuming after epoch %d, from a checkpoint", fit["epoch"])
        return Checkpoint(fit["epoch"], *factors)

    def save(self, stage: str, epoch: Epoch) -> None:
        """Save a fit's factors."""
        if self._folder is None:
            return
        with self._or_without():
            self._save(self._folder, stage, epoch)

    def _read(self) -> dict[str, Any] | None:
        """Return the saved state, if it belongs to this training."""
        content = self._content()
        if content is None:
            return None
        try:
            state = json.loads(content)
            versions = state["version"], state["fingerprint"]
            if versions[0] == VERSION and state.pop("digest") != _digest(state):
                raise ValueError("its content was changed")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log.warning("warning: the checkpoint is damaged (%s); training starts from scratch", error)
            return None
        if versions != (VERSION, self._new["fingerprint"]):
            log.warning(
                "warning: the checkpoint belongs to other data, hyperparameters or another version of"
                " this program; training starts from scratch"
            )
            return None
        return dict(state)

    def _content(self) -> bytes | None:
        try:
            return None if self._folder is None else read_bytes(self._folder / STATE)
        except UserError as error:
            log.warning("warning: %s Training starts from scratch.", error)
            return None

    def _save(self, folder: Path, stage: str, epoch: Epoch) -> None:
        name = f"factors-{stage}-{epoch.number:06d}.npz"

        def write(file: IO[bytes]) -> None:
            np.savez(file, user_factors=epoch.user_factors, item_factors=epoch.item_factors)

        _replace(folder / name, write)
        self._state["fit"] = {"stage": stage, "epoch": epoch.number, "file": name}
        self._write(folder)
        for old in folder.glob("factors-*"):
            if old.name != name:
                old.unlink(missing_ok=True)

    def _write(self, folder: Path) -> None:
        content = json.dumps({**self._state, "digest": _digest(self._state)}, indent=2).encode()
        _replace(folder / STATE, lambda file: file.write(content))

    @contextmanager
    def _or_without(self) -> Iterator[None]:
        """Continue without checkpoints where the folder is read-only or full: training does not need them."""
        try:
            yield
        except OSError as error:
            log.warning("warning: checkpoints cannot be written (%s); continuing without", error)
            self._folder = None


def fingerprint(chosen: Hyperparameters, channels: Iterable[Interactions | None]) -> str:
    """Return a digest of a training's hyperparameters and all its rows."""
    digest = hashlib.sha256(json.dumps(asdict(chosen), sort_keys=True).encode())
    for channel in channels:
        digest.update(b"|")
        if channel is not None:
            for ids in (channel.user_ids, channel.item_ids):
                digest.update(json.dumps(ids).encode())
            for column in (channel.user_codes, channel.item_codes, channel.times):
                digest.update(b"" if column is None else column.tobytes())
    return digest.hexdigest()


def _digest(state: dict[str, Any]) -> str:
    """Return the digest by which a changed state is detected."""
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def _replace(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Replace a file atomically: it has either the old content or the new."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
