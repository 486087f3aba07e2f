"""Dropping a file: the upload, and the run that it starts."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from boto3.s3.transfer import TransferConfig

from retailrec.client import waiting
from retailrec.client.problems import Problem
from retailrec.client.stack import Stack
from retailrec_shared.core import names
from retailrec_shared.core.column_mapping import ColumnMapping
from retailrec_shared.core.errors import Rejected
from retailrec_shared.core.mapping_file import read_mapping
from retailrec_shared.ledger.run import Run

_MAPPING = "column_mapping"

# S3 takes at most 5 GB in one PUT. A file that goes up in one PUT has its MD5 for
# an ETag, from any client; the ETag of a multipart upload # depends on the size of the parts. The run
# id is made of the ETag: the same
# bytes must always have the same one.
SINGLE_PUT_BYTES = 5 * 1024**3
_ONE_PUT = TransferConfig(multipart_threshold=SINGLE_PUT_BYTES, multipart_chunksize=SINGLE_PUT_BYTES // 40)


class Drop(NamedTuple):
    """A finished upload, and the runs that existed before it."""

    key: str
    etag: str
    known: frozenset[str]


class DroppedRun(NamedTuple):
    """The run of a drop; ``before``: the same bytes had this run before."""

    run: Run
    before: bool


def readable_file(path: Path) -> Path:
    """Return the path of a file that can be dropped; raises Problem for any other."""
    if not path.exists():
        raise Problem(f"There is no file {path}: check the path.")
    if not path.is_file():
        raise Problem(f"{path} is a folder: give one file.")
    return path


def key_of(path: Path, key: str | None, *, append: bool) -> str:
    """Return the key to drop a file under; the key of an increment has the prefix for appending."""
    named = path.name if key is None else key
    return named if not append or names.appends(named) else names.APPEND_PREFIX + named


def mapping_text(path: Path | None) -> str | None:
    """Read a column mapping; raises Problem for an invalid one."""
    if path is None:
        return None
    try:
        text = readable_file(path).read_text(encoding="utf-8-sig")
        ColumnMapping.parse(text)
    except UnicodeDecodeError:
        raise Problem(f"{path} is not a JSON file: save it as JSON in UTF-8.") from None
    except Rejected as problem:
        raise Problem(f"{path}: {problem.reason}") from None
    return text


def upload(
    stack: Stack, path: Path, key: str, sent: Callable[[int], None], mapping: str | None = None
) -> Drop:
    """Upload a file to the raw bucket, after its mapping if it has one.

    ``sent`` is called with the number of bytes that have been sent.
    """
    if not key or key.endswith("/"):
        raise Problem(f"{key!r} names a folder: give a key that ends in a file name.")
    if not names.makes_a_run(key):
        raise Problem(
            f"{key!r} is the name of a column mapping: give the data file, and its mapping with --mapping."
        )
    if mapping is not None and not names.may_have_mapping(key):
        raise Problem(f"{key[:60]}… is too long for the key of its mapping: give a shorter --key.")
    known = frozenset(run.run_id for run in stack.ledger().runs())
    bucket, s3 = stack.output("RawBucket"), stack.s3()
    uploads = stack.uploads()
    if mapping is not None:
        uploads.put_object(Bucket=bucket, Key=names.mapping_key(key), Body=mapping.encode())
    uploads.upload_file(str(path), bucket, key, Callback=sent, Config=_ONE_PUT)
    etag = s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    return Drop(key, etag, known)


def choose_run(runs: Iterable[Run], drop: Drop, configuration: dict[str, str]) -> DroppedRun | None:
    """Choose the run of a drop among all runs, the newest first; ``None`` while it has not appeared.

    The same bytes get no second run, unless the stack's configuration has changed since.
    """
    for run in runs:
        if run.dataset.retrains or (run.upload.key, run.upload.etag) != (drop.key, drop.etag):
            continue
        if run.run_id not in drop.known:
            return DroppedRun(run, before=False)
        if _same(run.configuration, configuration):
            return DroppedRun(run, before=True)
    return None


def _same(of_run: dict[str, str], of_stack: dict[str, str]) -> bool:
    """Return whether a run had the configuration that it would have now, as far as it is known."""
    if not of_stack:
        return True
    # A run without a mapping names none; a missing setting did not exist yet when the run was made.
    return all(of_run.get(name, value) == value for name, value in of_stack.items() if name != _MAPPING) and (
        of_run.get(_MAPPING, "") == of_stack.get(_MAPPING, "")
    )


def await_run(stack: Stack, drop: Drop, say: Callable[[str], None] = lambda _: None) -> DroppedRun:
    """Wait until a drop's run appears; raises Problem after a timeout.

    ``say`` is called with the reason why it takes longer than usual, once for each reason.
    """
    mapping = read_mapping(stack.s3(), stack.output("RawBucket"), drop.key)
    ledger, configuration = stack.ledger(), stack.configuration(mapping)
    waited, said, patience = timedelta(), "", waiting.patience(stack)
    while waited < patience:
        found = choose_run(ledger.runs(), drop, configuration)
        if found:
            return found
        why = waiting.reason(stack, waited)
        if why and not said:
            say(why)
            said = why
        stack.pause()
        waited += timedelta(seconds=stack.poll_seconds)
    raise Problem(
        f"No run appeared within {waiting.minutes(patience)} of the upload: "
        "`retailrec logs` shows what prepare_dataset said."
    )
