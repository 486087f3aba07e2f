"""Downloads and unpacks a model's artifact for its serving program."""

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from local.sagemaker.account.records import Model
from local.sagemaker.errors import JobFailed
from local.sagemaker.iam.iam import AccessRefused
from local.sagemaker.programs import archives
from local.sagemaker.s3 import S3Failure, S3Uri

if TYPE_CHECKING:
    from local.sagemaker.account.cloud import Cloud


async def fetch(cloud: "Cloud", model: Model, base: Path) -> None:
    """Create the base folder again, with the unpacked artifact below it; raises JobFailed."""
    await asyncio.to_thread(shutil.rmtree, base, ignore_errors=True)
    (base / "model").mkdir(parents=True)
    url = model.container.get("ModelDataUrl")
    if not url:
        return
    source, archive = S3Uri.parse(url), base / "model.tar.gz"
    try:
        role = await cloud.iam.execution_role(model.request.get("ExecutionRoleArn"))
        role.check("s3:GetObject", source.arn)
        await cloud.s3.download(source, archive)
        await asyncio.to_thread(archives.unpack, archive, base / "model")
    except archives.BadArchive as problem:
        raise JobFailed(f"Failed to extract model data archive from {url}: {problem}") from problem
    except (AccessRefused, S3Failure) as problem:
        raise JobFailed(f"Could not access model data at {url}: {problem}") from problem
    archive.unlink()
