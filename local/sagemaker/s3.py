"""Moves objects between S3 and folders."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ParamSpec, TypeVar

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.aws import Aws
from local.sagemaker.errors import validation

P = ParamSpec("P")
T = TypeVar("T")
# One thread per transfer: the machine is shared with the training that follows.
TRANSFER = TransferConfig(use_threads=False)


class S3Failure(Exception):
    """A failed call of S3; the message is its reason."""


@dataclass(frozen=True)
class S3Uri:
    """An object, or a prefix of keys; the key may be empty."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> "S3Uri":
        """Read ``s3://bucket/key``; SageMaker also takes https addresses, which a laptop cannot resolve."""
        scheme, _, rest = uri.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3" or not bucket:
            raise validation(f"Invalid S3 URI: {uri}")
        return cls(bucket, key)

    def below(self, *parts: str) -> "S3Uri":
        """Name an object below this prefix."""
        return S3Uri(self.bucket, "/".join(part.strip("/") for part in (self.key, *parts) if part.strip("/")))

    @property
    def arn(self) -> str:
        """ARN of the object, as policies name it."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def relative_key(prefix: str, key: str) -> str:
    """Return where an object goes below a channel's folder or an output path.

    A prefix is a string, not a folder: ``in/ab`` takes ``in/abc/1.csv`` too,
    which then keeps the last folder that the prefix names only in part.
    """
    rest = key[len(prefix) :]
    if not (prefix.endswith("/") or rest.startswith("/")):
        rest = key[prefix.rfind("/") + 1 :]
    rest = rest.lstrip("/")
    if ".." in PurePosixPath(rest).parts:
        raise S3Failure(f"The key {key} leads out of its folder.")
    return rest


class S3:
    """S3 without blocking the event loop; every failure is an S3Failure."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.s3

    async def keys(self, prefix: S3Uri) -> list[str]:
        """List the objects under a prefix, folder markers left out."""
        return await _in_thread(self._keys, prefix)

    def _keys(self, prefix: S3Uri) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=prefix.bucket, Prefix=prefix.key
        )
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return [key for key in found if not key.endswith("/")]

    async def exists(self, uri: S3Uri) -> bool:
        """Return whether the object exists."""
        try:
            await _in_thread(self._client.head_object, Bucket=uri.bucket, Key=uri.key)
        except S3Failure:
            return False
        return True

    async def download(self, uri: S3Uri, path: Path) -> None:
        """Fetch one object into a file, folders included."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await _in_thread(self._client.download_file, uri.bucket, uri.key, str(path), Config=TRANSFER)

    async def upload(self, path: Path, uri: S3Uri) -> None:
        """Store one file as an object."""
        await _in_thread(self._client.upload_file, str(path), uri.bucket, uri.key, Config=TRANSFER)

    async def delete(self, uri: S3Uri) -> None:
        """Delete one object."""
        await _in_thread(self._client.delete_object, Bucket=uri.bucket, Key=uri.key)


async def _in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(function, *args, **kwargs)
    except ClientError as error:
        about = error.response["Error"]
        raise S3Failure(f"{about.get('Code')}: {about.get('Message')}") from error
    except BotoCoreError as error:
        raise S3Failure(str(error)) from error
