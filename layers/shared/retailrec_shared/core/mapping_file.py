"""The column mapping that lies beside an uploaded file."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from retailrec_shared.core import names
from retailrec_shared.core.column_mapping import MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def read_mapping(s3: "S3Client", bucket: str, key: str) -> str | None:
    """Read the mapping of an object, as far as one may be long; ``None`` if there is none."""
    if not names.may_have_mapping(key):
        return None
    try:
        found = s3.get_object(Bucket=bucket, Key=names.mapping_key(key))
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
            raise
        return None
    with found["Body"] as body:
        return body.read(MAX_BYTES + 1).decode("utf-8-sig", errors="replace")
