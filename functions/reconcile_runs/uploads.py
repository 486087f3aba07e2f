"""Which uploads of the raw bucket no run knows, decided from its versions alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from retailrec_shared.core import names
from retailrec_shared.ledger.run_parts import Upload, timestamp

# S3 tells an event's sequencer, but no listing does. The last version of a key, once
# nothing more can come within its second, counts after any other of that second.
AFTER_ALL = "F" * 32


def forgotten(
    versions: Iterable[Mapping[str, Any]],
    deletions: Iterable[Mapping[str, Any]],
    bucket: str,
    known: Collection[tuple[str, str]],
) -> Iterator[Upload]:
    """Yield the uploads among ListObjectVersions' entries whose key and ETag are not known.

    An overwritten version is an upload like any other. What somebody deleted since is not.
    """
    taken_back: dict[str, Any] = {}
    for marker in deletions:
        key, moment = marker["Key"], marker["LastModified"]
        taken_back[key] = max(moment, taken_back.get(key, moment))
    for version in versions:
        key, etag = version["Key"], version["ETag"].strip('"')
        if not names.makes_a_run(key) or (key, etag) in known:
            continue
        if key in taken_back and version["LastModified"] <= taken_back[key] and not version["IsLatest"]:
            continue
        yield Upload(
            bucket=bucket,
            key=key,
            etag=etag,
            size=version["Size"],
            uploaded_at=timestamp(version["LastModified"]),
            sequencer=AFTER_ALL if version["IsLatest"] else "",
            version_id=version["VersionId"] if version["VersionId"] != "null" else None,
        )
