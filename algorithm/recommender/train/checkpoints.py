"""Checkpoints: what an interrupted training needs to go on, in the folder that SageMaker keeps in S3.

``state.json`` says what is decided and how far the fit is; it names the file with the factors. Each file is
written beside its name and moved there, state last: whatever moment ends the program, what it names is whole.
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

from recommender.data.interactions import Interactions
from recommender.fitting.fitted import Checkpoint, Epoch
from recommender.hyperparameters import Hyperparameters

VERSION = 2
STATE = "state.json"

log = logging.getLogger(__name__)


class Checkpoints:
    """The checkpoints of one training; without a folder, nothing is kept."""

    def __init__(self, folder: Path | None, fingerprint: str) -> None:
        self._folder = folder
        self._new = {"version": VERSION, "fingerprint": fingerprint, "results": {}, "fit": None}
        self._state: dict[str, Any] = self._read() or self._new

    @property
    def kept(self) -> bool:
        """Tell whether anything is kept: not without a folder, nor in one that cannot be written to."""
        return self._folder is not None

    def result(self, name: str) -> Any:
        """Return what an earlier attempt found out, or None."""
        return self._state["results"].get(name)

    def keep(self, name: str, value: Any) -> None:
        """Keep a finding, as JSON."""
        self._state["results"][name] = value
        if self._folder is not None:
            with self._giving_up():
                self._write(self._folder)

    def start(self, stage: str) -> Checkpoint | None:
        """Return where an earlier attempt was in a fit, or None."""
        fit = self._state["fit"]
        if self._folder is None or not fit or fit["stage"] != stage:
            return None
        try:
            # Opened here: numpy leaves a damaged file open.
            with (self._folder / fit["file"]).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                factors = arrays["user_factors"], arrays["item_factors"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            log.warning("warning: the checkpoint %s is damaged (%s); fitting anew", fit["file"], error)
            return None
        log.info("going on after epoch %d, from a checkpoint", fit["epoch"])
        return Checkpoint(fit["epoch"], *factors)

    def save(self, stage: str, epoch: Epoch) -> None:
        """Keep a fit's factors."""
        if self._folder is None:
            return
        with self._giving_up():
            self._save(self._folder, stage, epoch)

    def _read(self) -> dict[str, Any] | None:
        """Read the state that is there, if it is of this very training."""
        if self._folder is None or not (self._folder / STATE).exists():
            return None
        try:
            state = json.loads((self._folder / STATE).read_bytes())
            versions = state["version"], state["fingerprint"]
            if versions[0] == VERSION and state.pop("digest") != _digest(state):
                raise ValueError("its content is not what was written")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log.warning("warning: the checkpoint is damaged (%s); training starts anew", error)
            return None
        if versions != (VERSION, self._new["fingerprint"]):
            log.warning(
                "warning: the checkpoint is of other data, hyperparameters or another version of this"
                " program; training starts anew"
            )
            return None
        return dict(state)

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
    def _giving_up(self) -> Iterator[None]:
        """Do without checkpoints where the folder is read-only or full: training needs none to end well."""
        try:
            yield
        except OSError as error:
            log.warning("warning: checkpoints cannot be written (%s); going on without", error)
            self._folder = None


def fingerprint(chosen: Hyperparameters, channels: Iterable[Interactions | None]) -> str:
    """Identify a training: by its hyperparameters and every row."""
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
    """Tell a state from one that was changed: what is read back is then of the form that was kept."""
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def _replace(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that its name stands for the old content or the new, never for half of it."""
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
