"""Lines of the files that prepare_dataset and the batch job write for a run, read part by part."""

import gzip
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError

from retailrec_shared.core import aws, names
from retailrec_shared.core.settings import settings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PART_BYTES = 8 << 20
TRIES = 4
# A longer line is split: its reader then refuses it. No line that is ours is nearly as long.
LONGEST_LINE = 8 << 20


def read_lines(run_id: str, relative: str) -> Iterator[str]:
    """Yield the lines of a run's file; gunzips a name that ends in .gz.

    The file is neither held in memory nor stored. Raises ClientError when it is missing, or when it is
    replaced while it is read.
    """
    stored = io.BufferedReader(_Object(settings().data_bucket, names.run_key(run_id, relative)), 1 << 20)
    unpacked: Any = gzip.GzipFile(fileobj=stored, mode="rb") if relative.endswith(".gz") else stored
    with stored, io.TextIOWrapper(unpacked, encoding="utf-8", newline="") as text:
        while line := text.readline(LONGEST_LINE):
            yield line


class _Object(io.RawIOBase):
    """An object of S3 as a stream of short requests: none is open while what was read is processed."""

    def __init__(self, bucket: str, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._etag: str | None = None
        self._size: int | None = None
        self._position = 0
        self._part = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill a buffer as far as the present part goes; return 0 at the end."""
        if not self._part and self._position != self._size:
            self._part = memoryview(self._fetch())
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._part))
        target[:count] = self._part[:count]
        self._part = self._part[count:]
        return count

    def _fetch(self) -> bytes:
        """Request the next part; boto3 repeats a request, but not the reading of its response."""
        for left in reversed(range(TRIES)):
            try:
                body = self._request()
            except HTTPClientError:
                if not left:
                    raise
            else:
                self._position += len(body)
                return body
        raise AssertionError

    def _request(self) -> bytes:
        wanted = f"bytes={self._position}-{self._position + PART_BYTES - 1}"
        same: Any = {"IfMatch": self._etag} if self._etag else {}
        try:
            answer = aws.s3().get_object(Bucket=self._bucket, Key=self._key, Range=wanted, **same)
        except ClientError as error:
            if aws.error_code(error) != "InvalidRange":
                raise
            self._size = self._position  # S3 refuses any range of an empty object
            return b""
        self._etag = answer["ETag"]
        self._size = int(answer["ContentRange"].rpartition("/")[2])
        return answer["Body"].read()
