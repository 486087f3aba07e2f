"""The training job's surroundings: what its configuration files demand, and how it tells of a failure."""

import json
from pathlib import Path
from typing import Any

from recommender.errors import UserError
from recommender.folders import Folders

MAX_FAILURE = 1024  # characters that SageMaker keeps


def check_job(folders: Folders) -> None:
    """Refuse a job this program would misread: several machines, pipe mode, another content type."""
    hosts = _read(folders.configuration / "resourceconfig.json").get("hosts", [])
    if len(hosts) > 1:
        raise UserError(f"Training runs on one instance; the job has {len(hosts)}. Set InstanceCount to 1.")
    for name, channel in _read(folders.configuration / "inputdataconfig.json").items():
        mode = channel.get("TrainingInputMode", "File")
        if mode not in ("File", "FastFile"):
            raise UserError(f"The {name} channel must come in File mode, not {mode}.")
        content_type = channel.get("ContentType") or "text/csv"
        if content_type.split(";")[0].strip().lower() != "text/csv":
            raise UserError(f"The {name} channel must be text/csv, not {content_type}.")


def write_failure(path: Path, reason: str) -> None:
    """Leave the reason where SageMaker looks for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(reason[:MAX_FAILURE], encoding="utf-8", errors="replace")


def _read(path: Path) -> dict[str, Any]:
    """Read a configuration file of the platform's; absent outside SageMaker."""
    if not path.exists():
        return {}
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content
