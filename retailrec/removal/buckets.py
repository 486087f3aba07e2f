"""Emptying and deleting buckets that keep old versions."""

from typing import Any

from botocore.exceptions import ClientError

from retailrec.client.problems import Problem
from retailrec_shared.core.aws import error_code


def empty(s3: Any, bucket: str, account: str) -> None:
    """Delete every version of every object; a missing bucket counts as empty."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, ExpectedBucketOwner=account
        ):
            _delete(s3, bucket, account, [*page.get("Versions", []), *page.get("DeleteMarkers", [])])
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise


def _delete(s3: Any, bucket: str, account: str, versions: list[dict[str, Any]]) -> None:
    things = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
    if not things:
        return
    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": things, "Quiet": True}, ExpectedBucketOwner=account
    )
    for refused in answer.get("Errors", []):
        raise Problem(f"S3 did not delete {refused['Key']} from {bucket}: {refused.get('Message')}")


def delete(s3: Any, bucket: str, account: str) -> None:
    """Empty a bucket of an account and delete it."""
    empty(s3, bucket, account)
    try:
        s3.delete_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
