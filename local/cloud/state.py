"""The state of a local cloud, saved in a file next to its logs."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from local.sagemaker.guard.keys import new_access_key, new_secret

REPOSITORY = Path(__file__).resolve().parents[2]
STACK = "retailrec"
REGION = "us-east-1"


def state_dir() -> Path:
    """Folder of the cloud's state, logs and temporary files."""
    return Path(os.environ.get("RETAILREC_STATE_DIR", REPOSITORY / ".retailrec"))


class Running(BaseModel):
    """A cloud that is up, or coming up while ``deployed`` is false; its root key is generated with it."""

    model_config = ConfigDict(frozen=True)

    aws_url: str
    sagemaker_url: str
    access_key: str = Field(default_factory=new_access_key)
    secret_key: str = Field(default_factory=new_secret, repr=False)
    stack: str = STACK
    region: str = REGION
    state_dir: Path
    started_at: str
    pids: dict[str, int] = {}
    births: dict[str, str] = {}
    deployed: bool = False
    algorithm_arn: str = ""  # of the Marketplace algorithm that trains, in place of the project's own
    parameters: dict[
        str, str
    ] = {}  # of the stack that differ from the template's defaults, without the algorithm
    image: str = ""  # that the local SageMaker runs in containers; without one it runs subprocesses

    @property
    def _file(self) -> Path:
        return self.state_dir / "cloud.json"

    def save(self) -> Self:
        """Write the state atomically, readable by its owner alone."""
        self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(0o600, exist_ok=False)
        draft.write_text(self.model_dump_json(indent=2))
        draft.replace(self._file)
        return self

    def with_process(self, name: str, pid: int, started: str) -> Self:
        """Return the state with this process, and save it."""
        return self.model_copy(
            update={"pids": {**self.pids, name: pid}, "births": {**self.births, name: started}}
        ).save()

    def forget(self) -> None:
        """Remove the state."""
        self._file.unlink(missing_ok=True)

    @classmethod
    def load(cls) -> Self | None:
        """Read the state; ``None`` when there is none that can be read."""
        try:
            return cls.model_validate_json((state_dir() / "cloud.json").read_text())
        except (FileNotFoundError, ValidationError):
            return None
