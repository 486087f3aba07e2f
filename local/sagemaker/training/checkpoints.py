"""Checkpoints: a folder that is filled from S3 before training, and synced to it."""

import asyncio
from pathlib import Path, PurePosixPath

from local.sagemaker.account.records import Document
from local.sagemaker.errors import validation
from local.sagemaker.iam.iam import ExecutionRole
from local.sagemaker.s3 import S3, S3Uri, relative_key

ROOT = PurePosixPath("/opt/ml")
DEFAULT_PATH = "/opt/ml/checkpoints"
# SageMaker's own folders, which it refuses as checkpoint folders.
TAKEN = ("input", "model", "output", "code", "failure")
SYNC_SECONDS = 5.0

Version = tuple[int, int]


def check(request: Document) -> None:
    """Refuse an invalid checkpoint configuration."""
    config = request.get("CheckpointConfig")
    if config is None:
        return
    S3Uri.parse(config["S3Uri"])
    path = PurePosixPath(config.get("LocalPath", DEFAULT_PATH))
    if not path.is_relative_to(ROOT) or len(path.parts) <= len(ROOT.parts) or ".." in path.parts:
        raise validation(f"LocalPath {path} is not supported by the local SageMaker; only below {ROOT}.")
    if path.parts[len(ROOT.parts)] in TAKEN:
        raise validation(f"Invalid LocalPath {path}: SageMaker uses that folder itself.")


class CheckpointFolder:
    """The folder of one job, and its copy in S3."""

    def __init__(self, config: Document, base: Path, s3: S3, role: ExecutionRole) -> None:
        relative = PurePosixPath(config.get("LocalPath", DEFAULT_PATH)).relative_to(ROOT)
        self._folder = base / relative
        self._place = S3Uri.parse(config["S3Uri"])
        self._s3 = s3
        self._role = role
        self._stored: dict[str, Version] = {}

    async def fetch(self) -> None:
        """Fill the folder with what an earlier job or attempt left."""
        self._folder.mkdir(parents=True, exist_ok=True)
        bucket = f"arn:aws:s3:::{self._place.bucket}"
        self._role.check("s3:ListBucket", bucket, {"s3:prefix": self._place.key})
        for key in await self._s3.keys(self._place):
            self._role.check("s3:GetObject", S3Uri(self._place.bucket, key).arn)
            name = relative_key(self._place.key, key)
            await self._s3.download(S3Uri(self._place.bucket, key), self._folder / name)
            self._stored[name] = _version(self._folder / name)

    async def sync_until_cancelled(self) -> None:
        """Store what has changed every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            await self.store()

    async def store(self) -> None:
        """Store what has changed, and delete in S3 what the program has deleted."""
        files = {
            path.relative_to(self._folder).as_posix(): path
            for path in self._folder.rglob("*")
            if path.is_file()
        }
        for name, path in files.items():
            await self._store(name, path)
        for name in sorted(self._stored.keys() - files.keys()):
            place = self._place.below(name)
            self._role.check("s3:DeleteObject", place.arn)
            await self._s3.delete(place)
            del self._stored[name]

    async def _store(self, name: str, path: Path) -> None:
        try:
            version = _version(path)
            if self._stored.get(name) == version:
                return
            place = self._place.below(name)
            self._role.check("s3:PutObject", place.arn)
            await self._s3.upload(path, place)
            self._stored[name] = version
        except FileNotFoundError:  # the program has replaced it
            return


def _version(path: Path) -> Version:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
