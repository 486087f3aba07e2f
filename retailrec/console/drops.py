"""Files dropped on the page: uploaded in the background, deleted, and followed to their run."""

import os
import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from retailrec.client.dropping import SINGLE_PUT_BYTES, await_run, key_of, upload
from retailrec.client.problems import Problem, explain
from retailrec.console.stack_session import OpenSession
from retailrec_shared.core import names

State = Literal["uploading", "waiting", "run", "refused"]
REMEMBERED = 50
MAX_KEY_BYTES = 1024  # S3's
Work = Callable[[Callable[[], None]], None]


@dataclass
class DropProgress:
    """How far a dropped file has come; ``before``: the same bytes had this run before.

    ``sentence`` says why it waits, or why it was refused.
    """

    id: str
    file: str
    size: int
    state: State = "uploading"
    sent: int = 0
    run_id: str | None = None
    before: bool = False
    sentence: str | None = None


def good_name(given: str, *, append: bool = False) -> str:
    """Return the key of a dropped file, to add to the dataset or to replace it.

    Raises Problem for an invalid name.
    """
    name = re.split(r"[/\\]", given)[-1].strip()
    if not name or name in {".", ".."} or not name.isprintable():
        raise Problem("The file has no valid name: rename it, and drop it again.")
    key = key_of(Path(name), name, append=append)
    if len(key.encode()) > MAX_KEY_BYTES:
        raise Problem("The file's name is too long, S3 allows 1,024 bytes: rename it, and drop it again.")
    if not names.makes_a_run(key):
        raise Problem(f"{name} is a column mapping and holds no data: drop the data file.")
    return key


def good_size(size: int) -> int:
    """Return the size of a dropped file; raises Problem for one that cannot be uploaded."""
    if size == 0:
        raise Problem("The file is empty: drop one with rows of purchases.")
    if size > SINGLE_PUT_BYTES:
        raise Problem("The file is larger than 5 GB, the most that one upload to S3 can be: split it.")
    return size


def in_thread(work: Callable[[], None]) -> None:
    """Run work in the background; the console can end before it."""
    threading.Thread(target=work, daemon=True).start()


class Drops:
    """The latest drops of this console; the oldest are forgotten first."""

    def __init__(
        self, open_session: OpenSession, start: Callable[[Callable[[], None]], None] = in_thread
    ) -> None:
        self._open = open_session
        self._start = start
        self._drops: OrderedDict[str, DropProgress] = OrderedDict()

    def begin(self, path: Path, name: str) -> dict[str, Any]:
        """Upload a file in the background, and delete it afterwards; return the drop."""
        drop = DropProgress(uuid.uuid4().hex, name, path.stat().st_size)
        self._drops[drop.id] = drop
        while len(self._drops) > REMEMBERED:
            self._drops.popitem(last=False)
        self._start(lambda: self._work(drop, path))
        return asdict(drop)

    def find(self, drop_id: str) -> dict[str, Any] | None:
        """Return how far a drop has come."""
        drop = self._drops.get(drop_id)
        return asdict(drop) if drop else None

    def _work(self, drop: DropProgress, path: Path) -> None:
        try:
            self._upload(drop, path)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the page shows the error
            drop.sentence, drop.state = explain(error), "refused"
        finally:
            path.unlink(missing_ok=True)

    def _upload(self, drop: DropProgress, path: Path) -> None:
        stack = self._open().stack

        def sent(count: int) -> None:
            drop.sent += count

        dropped = upload(stack, path, drop.file, sent)
        drop.state = "waiting"
        found = await_run(stack, dropped, lambda why: setattr(drop, "sentence", why))
        drop.run_id, drop.before, drop.sentence = found.run.run_id, found.before, None
        drop.state = "run"


def keep(folder: Path) -> tuple[int, Path]:
    """Create a file for received bytes that only this user may read; return its descriptor and path."""
    path = folder / uuid.uuid4().hex
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), path
