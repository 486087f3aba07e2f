"""S3 in memory: versions of objects, listings, and transfers of files."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import Any

from tests.chaos.services.dynamodb import refusal

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Version:
    """One version of an object, or the marker that it was deleted."""

    key: str
    body: bytes | None
    modified: datetime
    number: int

    @property
    def id(self) -> str:
        """VersionId."""
        return f"v{self.number}"

    @property
    def etag(self) -> str:
        """ETag, with the quotes that S3 puts round it."""
        return f'"{md5(self.body or b"", usedforsecurity=False).hexdigest()}"'


@dataclass
class S3:
    """Buckets by name; each keeps every version, the newest last. LastModified has no fraction."""

    clock: Clock
    buckets: dict[str, list[Version]] = field(default_factory=dict)
    _made: int = 0

    def put_object(self, Bucket: str, Key: str, Body: bytes | None, ContentType: str = "") -> Any:  # noqa: N803
        """Store an object, or a marker where ``Body`` is ``None``."""
        self._made += 1
        version = Version(Key, Body, self.clock().replace(microsecond=0), self._made)
        self.buckets.setdefault(Bucket, []).append(version)
        return {"ETag": version.etag, "VersionId": version.id}

    def copy(self, CopySource: Any, Bucket: str, Key: str) -> None:  # noqa: N803
        """Copy an object."""
        self.put_object(Bucket, Key, self.get_object(**CopySource)["Body"].read())

    def head_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> Any:  # noqa: N803
        """Describe an object; without one, the error has no words, as on AWS."""
        found = self._find(Bucket, Key, VersionId)
        if found is None:
            raise refusal("404", "Not Found")
        return {"ETag": found.etag, "ContentLength": len(found.body or b""), "LastModified": found.modified}

    def get_object(
        self,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        VersionId: str | None = None,  # noqa: N803
        Range: str | None = None,  # noqa: N803
        IfMatch: str | None = None,  # noqa: N803
    ) -> Any:
        """Read an object, or a range of its bytes."""
        found = self._find(Bucket, Key, VersionId)
        if found is None:
            raise refusal("NoSuchKey", "The specified key does not exist.")
        if IfMatch not in (None, found.etag):
            raise refusal("PreconditionFailed", "At least one of the preconditions did not hold.")
        body = found.body or b""
        answer = {"ETag": found.etag, "ContentType": "binary/octet-stream"}
        if Range is None:
            return answer | {"Body": io.BytesIO(body)}
        first, last = (int(end) for end in Range.removeprefix("bytes=").split("-"))
        if first >= len(body):
            raise refusal("InvalidRange", "The requested range is not satisfiable")
        part = body[first : last + 1]
        placed = f"bytes {first}-{first + len(part) - 1}/{len(body)}"
        return answer | {"Body": io.BytesIO(part), "ContentRange": placed}

    def download_file(self, bucket: str, key: str, path: str, ExtraArgs: Any = None) -> None:  # noqa: N803
        """Read an object into a file."""
        found = self._find(bucket, key, (ExtraArgs or {}).get("VersionId"))
        if found is None:
            raise refusal("404", "Not Found")
        Path(path).write_bytes(found.body or b"")

    def upload_file(self, path: str, bucket: str, key: str, ExtraArgs: Any = None) -> None:  # noqa: N803
        """Store a file."""
        self.put_object(bucket, key, Path(path).read_bytes())

    def delete_object(self, Bucket: str, Key: str) -> Any:  # noqa: N803
        """Delete an object, there or not: its versions stay."""
        self.put_object(Bucket, Key, None)
        return {}

    def list_objects_v2(self, Bucket: str, Prefix: str = "") -> Any:  # noqa: N803
        """List the objects that are there now."""
        found = [each for each in self._latest(Bucket).values() if each.body is not None]
        return {"Contents": [_entry(each) for each in found if each.key.startswith(Prefix)]}

    def list_object_versions(self, Bucket: str) -> Any:  # noqa: N803
        """List every version, by key, the newest of a key first."""
        latest = self._latest(Bucket)
        versions = sorted(self.buckets.get(Bucket, []), key=lambda each: (each.key, -each.number))

        def entry(each: Version) -> Any:
            return _entry(each) | {"VersionId": each.id, "IsLatest": latest[each.key] is each}

        return {
            "Versions": [entry(each) for each in versions if each.body is not None],
            "DeleteMarkers": [entry(each) for each in versions if each.body is None],
        }

    def _latest(self, bucket: str) -> dict[str, Version]:
        return {each.key: each for each in self.buckets.get(bucket, [])}

    def _find(self, bucket: str, key: str, version: str | None) -> Version | None:
        for each in reversed(self.buckets.get(bucket, [])):
            if each.key == key and version in (None, each.id):
                return each if each.body is not None else None
        return None


def _entry(each: Version) -> Any:
    return {
        "Key": each.key,
        "ETag": each.etag,
        "Size": len(each.body or b""),
        "LastModified": each.modified,
    }
