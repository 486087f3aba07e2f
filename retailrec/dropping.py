"""Dropping a file: the upload, and the run that comes of it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from boto3.s3.transfer import TransferConfig

from retailrec.problems import Problem
from retailrec.stack import Stack
from retailrec_shared.run import Run

# S3 takes at most 5 GB in one PUT. A file that goes up in one PUT has its MD5 for
# an ETag, whoever uploads it from wherever; one that goes up in parts has an ETag
# that depends on the size of the parts. The run id is made of the ETag: the same
# bytes must always have the same one.
SINGLE_PUT_BYTES = 5 * 1024**3
_ONE_PUT = TransferConfig(multipart_threshold=SINGLE_PUT_BYTES, multipart_chunksize=SINGLE_PUT_BYTES // 40)


class Drop(NamedTuple):
    """An upload that was made, and the runs that there were before it."""

    key: str
    etag: str
    known: frozenset[str]


class DroppedRun(NamedTuple):
    """The run of a drop; ``before`` tells that the same bytes had it before."""

    run: Run
    before: bool


def readable_file(path: Path) -> Path:
    """Return the path of a file that can be dropped; raises Problem for any other."""
    if not path.exists():
        raise Problem(f"There is no file {path}: check the path.")
    if not path.is_file():
        raise Problem(f"{path} is a folder: name one file.")
    return path


def upload(stack: Stack, path: Path, key: str, sent: Callable[[int], None]) -> Drop:
    """Upload a file to the raw bucket; ``sent`` is told of bytes as they leave."""
    if not key or key.endswith("/"):
        raise Problem(f"{key!r} names a folder: give a key that ends in a file name.")
    known = frozenset(run.run_id for run in stack.ledger().runs())
    bucket, s3 = stack.output("RawBucket"), stack.s3()
    s3.upload_file(str(path), bucket, key, Callback=sent, Config=_ONE_PUT)
    etag = s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    return Drop(key, etag, known)


def choose_run(runs: Iterable[Run], drop: Drop, configuration: dict[str, str]) -> DroppedRun | None:
    """Choose the run of a drop among all runs, the newest first; ``None`` while it has not appeared.

    Bytes that had a run before get no other one, unless the stack's configuration
    has changed since.
    """
    for run in runs:
        if (run.upload.key, run.upload.etag) != (drop.key, drop.etag):
            continue
        if run.run_id not in drop.known:
            return DroppedRun(run, before=False)
        if all(run.configuration.get(name, value) == value for name, value in configuration.items()):
            return DroppedRun(run, before=True)
    return None


def await_run(stack: Stack, drop: Drop) -> DroppedRun:
    """Wait until a drop's run appears; raises Problem when it does not."""
    ledger, configuration = stack.ledger(), stack.configuration()
    for _ in range(round(stack.patience_seconds / stack.poll_seconds)):
        found = choose_run(ledger.runs(), drop, configuration)
        if found:
            return found
        stack.pause()
    raise Problem(
        f"No run appeared within {stack.patience_seconds:.0f} s of the upload: "
        "`retailrec logs` shows what prepare_dataset said."
    )
