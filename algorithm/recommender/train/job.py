"""The training job's configuration files, and its failure file."""

import errno
import json
import logging
from pathlib import Path
from typing import Any

from recommender.access import REFUSED, cannot, read_bytes
from recommender.errors import UserError
from recommender.folders import Folders

MAX_FAILURE = 1024  # characters that SageMaker keeps

log = logging.getLogger(__name__)


def check_job(folders: Folders) -> None:
    """Raise UserError for a job with several machines, pipe mode or another content type."""
    hosts = _read(folders.configuration / "resourceconfig.json").get("hosts") or []
    if len(hosts) > 1:
        raise UserError(f"Training runs on one instance; the job has {len(hosts)}. Set InstanceCount to 1.")
    for name, channel in _read(folders.configuration / "inputdataconfig.json").items():
        mode = channel.get("TrainingInputMode", "File")
        if mode not in ("File", "FastFile"):
            raise UserError(f"The {name} channel must come in File mode, not {mode}.")
        content_type = channel.get("ContentType") or "text/csv"
        if content_type.split(";")[0].strip().lower() != "text/csv":
            raise UserError(f"The {name} channel must be text/csv, not {content_type}.")


def user_error(error: Exception) -> UserError | None:
    """Return the error as one that the job's owner can fix; None for an error of the program itself."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"The instance's volume is full ({error.strerror}): choose a larger VolumeSizeInGB.")
    if isinstance(error, OSError) and error.errno in REFUSED and isinstance(error.filename, str):
        return UserError(cannot("use", Path(error.filename), error))
    return None


def write_failure(path: Path, reason: str) -> None:
    """Write the reason to the file that SageMaker reads; if that fails, log the error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason[:MAX_FAILURE], encoding="utf-8", errors="replace")
    except OSError as error:
        log.error("error: the failure file is not written. %s", cannot("write to", path, error))


def _read(path: Path) -> dict[str, Any]:
    """Read a configuration file of SageMaker; it is absent elsewhere."""
    found = read_bytes(path)
    content: dict[str, Any] = {} if found is None else json.loads(found)
    return content
