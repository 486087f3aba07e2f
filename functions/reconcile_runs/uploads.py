"""Uploads in the raw bucket without a run, found from the bucket's versions alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from retailrec_shared.core import names
from retailrec_shared.ledger.run_parts import Upload, timestamp

# Only events have a sequencer, listings have none. The last version of a key, once
# nothing more can come within its second, counts after any other of that second.
LAST_SEQUENCER = "F" * 32


def forgotten(
    versions: Iterable[Mapping[str, Any]],
    deletions: Iterable[Mapping[str, Any]],
    bucket: str,
    known: Collection[tuple[str, str]],
) -> Iterator[Upload]:
    """Yield the uploads among ListObjectVersions' entries whose key and ETag are not known.

    An overwritten version is an upload like any other; one that was deleted since is not.
    """
    deleted_at: dict[str, Any] = {}
    for marker in deletions:
        key, moment = marker["Key"], marker["LastModified"]
        deleted_at[key] = max(moment, deleted_at.get(key, moment))
    for version in versions:
        key, etag = version["Key"], version["ETag"].strip('"')
        if not names.makes_a_run(key) or (key, etag) in known:
            continue
        if key in deleted_at and version["LastModified"] <= deleted_at[key] and not version["IsLatest"]:
            continue
        yield Upload(
            bucket=bucket,
            key=key,
            etag=etag,
            size=version["Size"],
            uploaded_at=timestamp(version["LastModified"]),
            sequencer=LAST_SEQUENCER if version["IsLatest"] else "",
            version_id=version["VersionId"] if version["VersionId"] != "null" else None,
        )
