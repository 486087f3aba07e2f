"""The training job's surroundings: what its configuration files demand, and how it tells of a failure."""

import errno
import json
import logging
from pathlib import Path
from typing import Any

from recommender.errors import UserError
from recommender.folders import Folders

MAX_FAILURE = 1024  # characters that SageMaker keeps

log = logging.getLogger(__name__)


def check_job(folders: Folders) -> None:
    """Refuse a job this program would misread: several machines, pipe mode, another content type."""
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


def told(error: Exception) -> UserError | None:
    """Say what the job's owner can do about it; None for what is the program's own fault."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"The instance's volume is full ({error.strerror}): choose a larger VolumeSizeInGB.")
    return None


def write_failure(path: Path, reason: str) -> None:
    """Leave the reason where SageMaker looks for it; where that cannot be, the log has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason[:MAX_FAILURE], encoding="utf-8", errors="replace")
    except OSError as error:
        log.error("error: the reason cannot be written: %s", error)


def _read(path: Path) -> dict[str, Any]:
    """Read a configuration file of the platform's; absent outside SageMaker."""
    if not path.exists():
        return {}
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content
