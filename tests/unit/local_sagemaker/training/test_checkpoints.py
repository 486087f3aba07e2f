"""The folder of checkpoints is the same in the job and in the bucket, as far as the role allows."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from local.sagemaker.iam.iam import AccessRefused, ExecutionRole
from local.sagemaker.iam.policies import Grants, Principal
from local.sagemaker.s3 import S3, S3Uri
from local.sagemaker.training.checkpoints import CheckpointFolder

PRINCIPAL = Principal(
    "arn:aws:sts::000000000000:assumed-role/x/SageMaker", "AssumedRole", "0" * 12, "us-east-1"
)


class FakeS3:
    """Objects by address."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def keys(self, prefix: S3Uri) -> list[str]:
        return [S3Uri.parse(each).key for each in self.objects if each.startswith(str(prefix))]

    async def upload(self, path: Path, uri: S3Uri) -> None:
        self.objects[str(uri)] = path.read_bytes()

    async def delete(self, uri: S3Uri) -> None:
        del self.objects[str(uri)]


def folder(base: Path, s3: FakeS3, *actions: str) -> CheckpointFolder:
    allowed: list[Any] = [{"Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}]
    config = {"S3Uri": "s3://data/kept"}
    made = CheckpointFolder(config, base, cast(S3, s3), ExecutionRole(PRINCIPAL, Grants(allowed)))
    asyncio.run(made.fetch())
    return made


def test_what_the_program_deletes_is_deleted_in_the_bucket(tmp_path: Path) -> None:
    s3 = FakeS3()
    made = folder(tmp_path, s3, "s3:ListBucket", "s3:PutObject", "s3:DeleteObject")
    for name in ("one", "two"):
        (tmp_path / "checkpoints" / name).write_text(name)
    asyncio.run(made.store())
    (tmp_path / "checkpoints" / "one").unlink()
    asyncio.run(made.store())
    assert s3.objects == {"s3://data/kept/two": b"two"}


def test_a_role_that_may_not_delete_fails_the_job_as_on_aws(tmp_path: Path) -> None:
    s3 = FakeS3()
    made = folder(tmp_path, s3, "s3:ListBucket", "s3:PutObject")
    (tmp_path / "checkpoints" / "one").write_text("one")
    asyncio.run(made.store())
    (tmp_path / "checkpoints" / "one").unlink()
    with pytest.raises(AccessRefused, match="s3:DeleteObject"):
        asyncio.run(made.store())
